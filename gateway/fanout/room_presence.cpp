#include "gateway/fanout/room_presence.hpp"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

namespace chat::gateway {
namespace {

/// The names of `from` that are not in `without`; a name that is there twice counts twice.
std::vector<std::string> names_without(const Attendance& from, const Attendance& without) {
  std::vector<std::string> names;
  std::ranges::set_difference(from.names, without.names, std::back_inserter(names));
  return names;
}

}  // namespace

RoomPresence::RoomPresence(std::string room, std::string gateway)
    : room_(std::move(room)), gateway_(std::move(gateway)) {}

void RoomPresence::watch(std::size_t worker, bool is_watched) {
  if (is_watched) {
    asks_ = asks_ || watching_.empty();
    watching_.insert(worker);
    return;
  }
  watching_.erase(worker);
  if (!watching_.empty()) return;
  // Who begins to watch later is told all anew.
  told_.reset();
  is_changed_ = true;
  published_.reset();  // the others are told that nobody watches here
}

void RoomPresence::attend(std::size_t worker, Attendance attendance) {
  workers_[worker] = std::move(attendance);
  is_changed_ = true;
}

void RoomPresence::remove(std::size_t worker) {
  watch(worker, false);
  is_changed_ = workers_.erase(worker) > 0 || is_changed_;
}

void RoomPresence::on_notice(PresenceNotice notice, Clock::time_point now) {
  if (notice.gateway == gateway_) return;
  is_asked_ = is_asked_ || notice.asks;
  is_changed_ = true;
  if (notice.attendance.members == 0 && !notice.watches) {
    others_.erase(notice.gateway);
    return;
  }
  std::string gateway = notice.gateway;
  others_.insert_or_assign(std::move(gateway), Other{std::move(notice), now});
}

void RoomPresence::on_subscribed(Clock::time_point now) {
  is_lost_ = false;
  asks_ = !watching_.empty();
  // They could not be heard; those that are gone will not be heard again.
  for (auto& [gateway, other] : others_) other.told_at = now;
}

RoomPresence::Step RoomPresence::tick(Clock::time_point now) {
  if (is_lost_) return {};
  forget_silent(now);
  Step step;
  step.publish = publication(now);
  step.tell = change(now);
  return step;
}

bool RoomPresence::is_wanted() const {
  return !watching_.empty() ||
         std::ranges::any_of(others_, [](const auto& other) { return other.second.notice.watches; });
}

void RoomPresence::forget_silent(Clock::time_point now) {
  const auto forgotten =
      std::erase_if(others_, [&](const auto& other) { return now - other.second.told_at >= forget_after; });
  is_changed_ = is_changed_ || forgotten > 0;
}

Attendance RoomPresence::own() const {
  Attendance sum;
  for (const auto& [worker, attendance] : workers_) sum.add(attendance);
  return sum;
}

Attendance RoomPresence::all() const {
  Attendance sum = own();
  for (const auto& [gateway, other] : others_) sum.add(other.notice.attendance);
  return sum;
}

std::optional<PresenceNotice> RoomPresence::publication(Clock::time_point now) {
  const bool asks = asks_ && now - asked_at_ >= period;
  const bool answers = is_asked_ && now - answered_at_ >= period;
  const bool is_due = asks || answers || now - published_at_ >= refresh_period;
  if (!is_due && now - published_at_ < period) return std::nullopt;
  Attendance attendance = own();
  const bool is_nobody = attendance.members == 0 && watching_.empty();
  if (published_ == attendance && (is_nobody || !is_due)) return std::nullopt;
  if (asks) {
    asks_ = false;
    asked_at_ = now;
    if (!told_) may_tell_at_ = now + answer_time;
  }
  if (answers) answered_at_ = now;
  is_asked_ = false;
  published_ = attendance;
  published_at_ = now;
  return PresenceNotice{gateway_, !watching_.empty(), asks, std::move(attendance)};
}

std::shared_ptr<const Presence> RoomPresence::change(Clock::time_point now) {
  if (watching_.empty() || !is_changed_ || now < may_tell_at_) return nullptr;
  is_changed_ = false;
  Attendance attendance = all();
  if (told_ && attendance == told_attendance_) return nullptr;
  PresenceEvent whole{room_, attendance.members, attendance.names, {}, true};
  PresenceEvent change = whole;
  if (told_ && (told_attendance_.has_names() || !attendance.has_names())) {
    change.is_full = false;
    change.joined.clear();
    if (attendance.has_names()) {
      change.joined = names_without(attendance, told_attendance_);
      change.left = names_without(told_attendance_, attendance);
    }
  }
  may_tell_at_ = now + period;
  told_attendance_ = std::move(attendance);
  told_ = std::make_shared<const Presence>(std::move(change), std::move(whole));
  return told_;
}

}  // namespace chat::gateway
