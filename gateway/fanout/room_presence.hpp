// Who is in one room on all gateways, as one of them knows it. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "gateway/bus/notices.hpp"
#include "gateway/chat/events.hpp"

namespace chat::gateway {

/// Each gateway tells the others whom it has, while any of them has members that want to know: when it
/// changes, when it is asked, and again every few seconds, since a publication may be lost and a gateway may
/// die. What was not told again for a while is forgotten. Nothing is kept in Redis. On the bus thread.
class RoomPresence {
 public:
  using Clock = std::chrono::steady_clock;

  /// A gateway's members are told of changes, and the other gateways of its own, at most so often; so it
  /// asks, and so it answers.
  static constexpr std::chrono::seconds period{1};
  static constexpr std::chrono::seconds refresh_period{5};
  static constexpr std::chrono::seconds forget_after{15};
  /// Until the others' answers are awaited before the first time that members are told.
  static constexpr std::chrono::milliseconds answer_time{300};

  /// `gateway` is this one's name. Nothing is told before it is_subscribed, now or by on_subscribed().
  RoomPresence(std::string room, std::string gateway, bool is_subscribed);

  /// The worker was asked whom it has; nothing is told until it has answered or has nobody any more.
  void await(std::size_t worker) { awaited_.insert(worker); }

  /// Whether members on the worker want to know.
  void watch(std::size_t worker, bool is_watched);

  /// Whom the worker has.
  void attend(std::size_t worker, Attendance attendance);

  /// The worker has nobody any more.
  void remove(std::size_t worker);

  /// Of another gateway; its own are ignored.
  void on_notice(PresenceNotice notice, Clock::time_point now);

  /// Nothing comes and nothing goes out: all stays as it is known.
  void on_lost() { is_subscribed_ = false; }
  void on_subscribed(Clock::time_point now);

  struct Step {
    std::optional<PresenceNotice> publish;
    std::shared_ptr<const Presence> tell;  // to the workers whose members want to know
  };

  /// Several times a second.
  Step tick(Clock::time_point now);

  /// Members on some gateway want to know. Workers tell whom they have only then.
  bool is_wanted() const;

  /// Nobody does, and it may be forgotten.
  bool is_over(Clock::time_point now) const {
    return is_subscribed_ && awaited_.empty() && !is_wanted() && now - published_at_ >= period;
  }

  const std::set<std::size_t>& watching_workers() const { return watching_; }

  /// What was told last; null before. For workers that begin to watch.
  const std::shared_ptr<const Presence>& told() const { return told_; }

 private:
  struct Other {
    PresenceNotice notice;
    Clock::time_point told_at;
  };

  void forget_silent(Clock::time_point now);
  void sum_own();
  std::optional<PresenceNotice> publication(Clock::time_point now);
  std::shared_ptr<const Presence> change(Clock::time_point now);

  const std::string room_;
  const std::string gateway_;
  std::set<std::size_t> awaited_;
  std::map<std::size_t, Attendance> workers_;
  bool is_own_changed_ = true;  // since own_ was summed
  Attendance own_;
  std::set<std::size_t> watching_;
  std::map<std::string, Other> others_;
  bool is_subscribed_;
  bool asks_ = false;
  bool is_asked_ = false;
  bool is_changed_ = true;   // since members were told
  bool is_own_told_ = true;  // as it is, to the others
  Clock::time_point published_at_{};
  Clock::time_point asked_at_{};
  Clock::time_point answered_at_{};
  Clock::time_point may_tell_at_{};
  std::shared_ptr<const Presence> told_;
  Attendance told_attendance_;
};

}  // namespace chat::gateway
