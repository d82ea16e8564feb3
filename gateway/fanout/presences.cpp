#include "gateway/fanout/presences.hpp"

#include <chrono>
#include <utility>

namespace chat::gateway {
namespace {

constexpr std::chrono::milliseconds tick_period{100};

}  // namespace

Presences::Presences(boost::asio::io_context& context, std::string gateway, prometheus::Gauge& gauge,
                     Events events)
    : timer_(context), gateway_(std::move(gateway)), gauge_(gauge), events_(std::move(events)) {}

void Presences::watch(std::size_t worker, const std::string& room, bool is_watched) {
  if (!is_watched) {
    if (RoomPresence* const known = find(room)) known->watch(worker, false);
    return;
  }
  RoomPresence& presence = open(room);
  presence.watch(worker, true);
  if (presence.told()) events_.tell(worker, room, presence.told());
}

void Presences::attend(std::size_t worker, const std::string& room, Attendance attendance) {
  if (RoomPresence* const known = find(room)) known->attend(worker, std::move(attendance));
}

void Presences::remove(std::size_t worker, const std::string& room) {
  if (RoomPresence* const known = find(room)) known->remove(worker);
}

void Presences::on_notice(const std::string& room, PresenceNotice notice) {
  // What others tell is of use only where somebody here wants it, or else they want to be told.
  RoomPresence* known = find(room);
  if (known == nullptr && notice.watches && notice.gateway != gateway_) known = &open(room);
  if (known != nullptr) known->on_notice(std::move(notice), RoomPresence::Clock::now());
}

void Presences::on_lost() {
  for (auto& [room, presence] : rooms_) presence.on_lost();
}

void Presences::on_subscribed(std::string_view room) {
  if (RoomPresence* const known = find(std::string(room))) known->on_subscribed(RoomPresence::Clock::now());
}

void Presences::forget(const std::string& room) {
  rooms_.erase(room);
  gauge_.Set(static_cast<double>(rooms_.size()));
}

void Presences::end() {
  for (const auto& [room, presence] : rooms_)
    events_.publish(room, PresenceNotice{gateway_, false, false, {}});
  rooms_.clear();
  gauge_.Set(0);
}

RoomPresence* Presences::find(const std::string& room) {
  const auto found = rooms_.find(room);
  return found == rooms_.end() ? nullptr : &found->second;
}

RoomPresence& Presences::open(const std::string& room) {
  const auto [found, is_new] = rooms_.try_emplace(room, room, gateway_);
  if (is_new) {
    gauge_.Set(static_cast<double>(rooms_.size()));
    events_.count(room, true);
    arm();
  }
  return found->second;
}

void Presences::arm() {
  if (std::exchange(is_armed_, true)) return;
  timer_.expires_after(tick_period);
  timer_.async_wait([this](boost::system::error_code error) {
    is_armed_ = false;
    if (!error) tick();
  });
}

void Presences::tick() {
  const auto now = RoomPresence::Clock::now();
  for (auto entry = rooms_.begin(); entry != rooms_.end();) {
    auto& [room, presence] = *entry;
    const RoomPresence::Step step = presence.tick(now);
    if (step.publish) events_.publish(room, *step.publish);
    if (step.tell)
      for (const std::size_t worker : presence.watching_workers()) events_.tell(worker, room, step.tell);
    if (!presence.is_over(now)) {
      ++entry;
      continue;
    }
    events_.count(room, false);
    entry = rooms_.erase(entry);
  }
  gauge_.Set(static_cast<double>(rooms_.size()));
  if (!rooms_.empty()) arm();
}

}  // namespace chat::gateway
