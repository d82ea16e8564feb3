#include "gateway/fanout/presences.hpp"

#include <utility>

namespace chat::gateway {

Presences::Presences(boost::asio::io_context& context, std::string gateway, prometheus::Gauge& gauge,
                     Links links, const Clock& clock, PresenceTiming timing)
    : timer_(context),
      gateway_(std::move(gateway)),
      gauge_(gauge),
      links_(std::move(links)),
      clock_(clock),
      timing_(timing) {}

void Presences::watch(std::size_t worker, const std::string& room, bool is_watched) {
  if (is_ended_) return;
  if (!is_watched) {
    if (RoomPresence* const known = find(room)) known->watch(worker, false);
    return;
  }
  RoomPresence& presence = open(room);
  presence.watch(worker, true);
  if (presence.told()) links_.tell(worker, room, presence.told());
}

void Presences::attend(std::size_t worker, const std::string& room, Attendance attendance) {
  if (RoomPresence* const known = find(room)) known->attend(worker, std::move(attendance));
}

void Presences::add(std::size_t worker, const std::string& room) {
  if (RoomPresence* const known = find(room)) ask(worker, room, *known);
}

void Presences::remove(std::size_t worker, const std::string& room) {
  if (RoomPresence* const known = find(room)) known->remove(worker);
}

void Presences::on_notice(const std::string& room, PresenceNotice notice) {
  if (is_ended_) return;
  // A notice matters only if members here watch, or if the other gateway's members do.
  RoomPresence* known = find(room);
  if (known == nullptr && notice.watches && notice.gateway != gateway_) known = &open(room);
  if (known != nullptr) known->on_notice(std::move(notice), clock_.now());
}

void Presences::on_lost() {
  for (auto& [room, presence] : rooms_) presence.on_lost();
}

void Presences::on_subscribed(const std::string& room, bool is_first) {
  RoomPresence* const known = find(room);
  if (known != nullptr) return known->on_subscribed(clock_.now());
  // Otherwise this gateway would learn of watching members only with their next refresh.
  if (is_first) links_.publish(room, PresenceNotice{gateway_, false, true, {}});
}

void Presences::forget(const std::string& room) {
  rooms_.erase(room);
  set_gauge();
}

void Presences::end() {
  is_ended_ = true;
  for (const auto& [room, presence] : rooms_)
    links_.publish(room, PresenceNotice{gateway_, false, false, {}});
  rooms_.clear();
  set_gauge();
}

RoomPresence* Presences::find(const std::string& room) {
  const auto found = rooms_.find(room);
  return found == rooms_.end() ? nullptr : &found->second;
}

RoomPresence& Presences::open(const std::string& room) {
  if (RoomPresence* const known = find(room)) return *known;
  RoomPresence& presence = rooms_.try_emplace(room, room, gateway_, links_.is_subscribed(room)).first->second;
  for (const std::size_t worker : links_.workers_of(room)) ask(worker, room, presence);
  set_gauge();
  arm();
  return presence;
}

void Presences::ask(std::size_t worker, const std::string& room, RoomPresence& presence) {
  presence.await(worker);
  links_.want_attendance(worker, room, true);
}

void Presences::arm() {
  if (std::exchange(is_armed_, true)) return;
  timer_.expires_after(timing_.tick_period);
  timer_.async_wait([this](boost::system::error_code error) {
    is_armed_ = false;
    if (!error) tick();
  });
}

void Presences::tick() {
  if (!links_.can_publish()) return arm();
  const auto now = clock_.now();
  for (auto entry = rooms_.begin(); entry != rooms_.end();) {
    auto& [room, presence] = *entry;
    const RoomPresence::Step step = presence.tick(now);
    if (step.publish) links_.publish(room, *step.publish);
    if (step.tell)
      for (const std::size_t worker : presence.watching_workers()) links_.tell(worker, room, step.tell);
    if (!presence.is_over(now)) {
      ++entry;
      continue;
    }
    for (const std::size_t worker : links_.workers_of(room)) links_.want_attendance(worker, room, false);
    entry = rooms_.erase(entry);
  }
  set_gauge();
  if (!rooms_.empty()) arm();
}

void Presences::set_gauge() {
  gauge_.Set(static_cast<double>(rooms_.size()));
}

}  // namespace chat::gateway
