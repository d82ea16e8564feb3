#include "gateway/engineio/session_table.hpp"

#include <utility>

namespace chat::gateway::engineio {

void SessionTable::add(const Session& session) {
  entries_.emplace(session->sid(), Entry{session});
  update(session);
}

SessionTable::Session SessionTable::find(std::string_view sid) const {
  const auto found = entries_.find(sid);
  return found == entries_.end() || found->second.session->is_closed() ? nullptr : found->second.session;
}

void SessionTable::update(const Session& session) {
  const auto found = entries_.find(session->sid());
  if (found == entries_.end()) return;
  if (session->is_closed()) {
    if (session->was_too_slow() && on_slow_consumer_) on_slow_consumer_();
    entries_.erase(found);
    return;
  }
  const TimePoint due = session->deadline();
  // A later deadline is noticed when the earlier one comes.
  if (due < found->second.due) schedule(found->second, due);
}

void SessionTable::schedule(Entry& entry, TimePoint due) {
  entry.due = due;
  const bool is_first = due_.empty() || due < due_.begin()->first;
  due_.emplace(due, entry.session);
  if (is_first) arm();
}

void SessionTable::arm() {
  if (due_.empty()) return;
  timer_.expires_at(due_.begin()->first);
  timer_.async_wait([this](boost::system::error_code error) {
    if (!error) on_timer();
  });
}

void SessionTable::on_timer() {
  const TimePoint now = std::chrono::steady_clock::now();
  // A session that is due again at once waits for the next turn.
  std::vector<std::pair<TimePoint, std::weak_ptr<EngineSession>>> due_now(due_.begin(),
                                                                          due_.upper_bound(now));
  due_.erase(due_.begin(), due_.upper_bound(now));
  for (const auto& [due, weak] : due_now) {
    const Session session = weak.lock();
    const auto found = session ? entries_.find(session->sid()) : entries_.end();
    if (found == entries_.end() || found->second.due != due) continue;
    found->second.due = TimePoint::max();
    session->on_deadline(now);
    update(session);
  }
  arm();
}

void SessionTable::tick(TimePoint now) {
  std::size_t polling = 0;
  std::size_t bytes = 0;
  for (const Session& session : sessions()) {
    session->on_tick(now);
    update(session);
    if (session->is_closed() || !session->is_polling()) continue;
    ++polling;
    bytes += session->queued_bytes();
  }
  polling_ = polling;
  outbox_bytes_ = bytes;
}

void SessionTable::close_all() {
  for (const Session& session : sessions()) {
    session->close();
    update(session);
  }
}

void SessionTable::end_all() {
  for (const Session& session : sessions()) session->fail();
  entries_.clear();
  due_.clear();
  polling_ = outbox_bytes_ = 0;
}

/// A copy, because a call into one session may end others.
std::vector<SessionTable::Session> SessionTable::sessions() const {
  std::vector<Session> all;
  all.reserve(entries_.size());
  for (const auto& [sid, entry] : entries_) all.push_back(entry.session);
  return all;
}

}  // namespace chat::gateway::engineio
