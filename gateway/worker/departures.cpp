#include "gateway/worker/departures.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>

#include "gateway/worker/departure.hpp"

namespace chat::gateway {
namespace {

/// Kafka confirms within milliseconds. A client whose answer takes longer sends again at another gateway.
constexpr std::chrono::seconds answers_deadline{2};

}  // namespace

std::vector<std::shared_ptr<Session>> Departures::choose(Sessions& sessions, std::size_t count) {
  std::vector<std::shared_ptr<Session>> all;
  for (SessionHook& hook : sessions) {
    auto session = static_cast<Session&>(hook).weak_from_this().lock();
    if (session && !session->is_closed()) all.push_back(std::move(session));
  }
  count = std::min(count, all.size());
  for (std::size_t i = 0; i < count; ++i)
    std::swap(all[i], all[static_cast<std::size_t>(random_.between(
                          static_cast<std::int64_t>(i), static_cast<std::int64_t>(all.size()) - 1))]);
  all.resize(count);
  return all;
}

std::size_t Departures::plan(Sessions& sessions, std::size_t count, std::chrono::milliseconds span) {
  const auto chosen = choose(sessions, count);
  const auto now = clock_.now();
  waiting_.clear();
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    const Departure when = departure(i, chosen.size(), span, chosen[i]->obeys_reconnect(), random_);
    chosen[i]->announce_close(when.reconnect_after);
    waiting_.push_back({now + when.close_after, chosen[i]});
  }
  std::ranges::sort(waiting_, std::greater{}, &Turn::at);
  return chosen.size();
}

void Departures::run() {
  const auto now = clock_.now();
  for (; !waiting_.empty() && waiting_.back().at <= now; waiting_.pop_back()) {
    const auto session = waiting_.back().session.lock();
    if (!session) continue;
    session->stop_commands();
    leaving_.push_back({now + answers_deadline, session});
  }
  std::erase_if(leaving_, [now](const Turn& turn) {
    const auto session = turn.session.lock();
    if (!session) return true;
    if (session->awaits_answers() && now < turn.at) return false;
    session->send_away();
    return true;
  });
}

}  // namespace chat::gateway
