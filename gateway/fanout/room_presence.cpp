#include "gateway/fanout/room_presence.hpp"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

namespace chat::gateway {
namespace {

/// The names of `from` that are not in `without`. A name that occurs twice counts twice.
std::vector<std::string> names_without(const Attendance& from, const Attendance& without) {
  std::vector<std::string> names;
  std::ranges::set_difference(from.names, without.names, std::back_inserter(names));
  return names;
}

}  // namespace

RoomPresence::RoomPresence(std::string room, std::string gateway, bool is_subscribed)
    : room_(std::move(room)), gateway_(std::move(gateway)), is_subscribed_(is_subscribed) {}

void RoomPresence::watch(std::size_t worker, bool is_watched) {
  if (is_watched) {
    asks_ = asks_ || watching_.empty();
    watching_.insert(worker);
    return;
  }
  watching_.erase(worker);
  if (!watching_.empty()) return;
  // A worker that begins to watch later gets the whole presence.
  told_.reset();
  is_changed_ = true;
  asks_ = false;
  is_own_told_ = false;  // tells the other gateways that no member watches here
}

void RoomPresence::attend(std::size_t worker, Attendance attendance) {
  awaited_.erase(worker);
  Attendance& known = workers_[worker];
  if (known == attendance) return;
  known = std::move(attendance);
  is_own_changed_ = true;
}

void RoomPresence::remove(std::size_t worker) {
  awaited_.erase(worker);
  if (watching_.contains(worker)) watch(worker, false);
  if (workers_.erase(worker) > 0) is_own_changed_ = true;
}

void RoomPresence::on_notice(PresenceNotice notice, Clock::time_point now) {
  if (notice.gateway == gateway_) return;
  is_asked_ = is_asked_ || notice.asks;
  const auto found = others_.find(notice.gateway);
  const bool is_same = found == others_.end() ? notice.attendance.members == 0
                                              : found->second.notice.attendance == notice.attendance;
  is_changed_ = is_changed_ || !is_same;
  if (notice.attendance.members == 0 && !notice.watches) {
    if (found != others_.end()) others_.erase(found);
    return;
  }
  std::string gateway = notice.gateway;
  others_.insert_or_assign(std::move(gateway), Other{std::move(notice), now});
}

void RoomPresence::on_subscribed(Clock::time_point now) {
  is_subscribed_ = true;
  asks_ = !watching_.empty();
  // The other gateways could not be heard. Those that are gone stay silent and are forgotten.
  for (auto& [gateway, other] : others_) other.told_at = now;
}

RoomPresence::Step RoomPresence::tick(Clock::time_point now) {
  if (!is_subscribed_ || !awaited_.empty()) return {};
  forget_silent(now);
  sum_own();
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

void RoomPresence::sum_own() {
  if (!std::exchange(is_own_changed_, false)) return;
  Attendance sum;
  for (const auto& [worker, attendance] : workers_) sum.add(attendance);
  if (sum == own_) return;
  own_ = std::move(sum);
  is_own_told_ = false;
  is_changed_ = true;
}

std::optional<PresenceNotice> RoomPresence::publication(Clock::time_point now) {
  const bool asks = asks_ && now - asked_at_ >= period;
  const bool answers = is_asked_ && now - answered_at_ >= period;
  const bool is_nobody = own_.members == 0 && watching_.empty();
  const bool is_refresh = !is_nobody && now - published_at_ >= refresh_period;
  const bool is_news = !is_own_told_ && now - published_at_ >= period;
  if (!(asks || (answers && !(is_nobody && is_own_told_)) || is_refresh || is_news)) return std::nullopt;
  if (asks) {
    asks_ = false;
    asked_at_ = now;
    if (!told_) may_tell_at_ = std::max(may_tell_at_, now + answer_time);
  }
  if (answers) answered_at_ = now;
  is_asked_ = false;
  is_own_told_ = true;
  published_at_ = now;
  return PresenceNotice{gateway_, !watching_.empty(), asks, own_};
}

std::shared_ptr<const Presence> RoomPresence::change(Clock::time_point now) {
  if (watching_.empty() || !is_changed_ || now < may_tell_at_) return nullptr;
  is_changed_ = false;
  Attendance attendance = own_;
  for (const auto& [gateway, other] : others_) attendance.add(other.notice.attendance);
  if (told_ && attendance == told_attendance_) return nullptr;
  PresenceEvent whole{room_, attendance.members, attendance.names, {}, attendance.has_names()};
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
