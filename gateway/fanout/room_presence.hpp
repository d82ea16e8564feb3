// The members of one room on all gateways, as one gateway knows them. Pure.
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

/// While members of any gateway watch, each gateway tells the others its members: after a change, when asked,
/// and every few seconds, since a publication can be lost and a gateway can die. A gateway that is silent for
/// a while is forgotten. Redis keeps nothing. On the bus thread.
class RoomPresence {
 public:
  using Clock = std::chrono::steady_clock;

  /// The least time between two changes that members are told, between two notices of own changes, between
  /// two requests, and between two answers.
  static constexpr std::chrono::seconds period{1};
  static constexpr std::chrono::seconds refresh_period{5};
  static constexpr std::chrono::seconds forget_after{15};
  /// How long the other gateways' answers are awaited before members are told for the first time.
  static constexpr std::chrono::milliseconds answer_time{300};

  /// `gateway` is this gateway's name. Nothing is told before the room is subscribed.
  RoomPresence(std::string room, std::string gateway, bool is_subscribed);

  /// The worker was asked for its members. Nothing is told until it has answered or has no members any more.
  void await(std::size_t worker) { awaited_.insert(worker); }

  /// Whether members on the worker watch.
  void watch(std::size_t worker, bool is_watched);

  /// The worker's members.
  void attend(std::size_t worker, Attendance attendance);

  /// The worker has no members any more.
  void remove(std::size_t worker);

  /// From another gateway; own notices are ignored.
  void on_notice(PresenceNotice notice, Clock::time_point now);

  /// Without a subscription everything stays as it is known.
  void on_lost() { is_subscribed_ = false; }
  void on_subscribed(Clock::time_point now);

  struct Step {
    std::optional<PresenceNotice> publish;
    std::shared_ptr<const Presence> tell;  // to the workers whose members watch
  };

  /// Several times a second.
  Step tick(Clock::time_point now);

  /// Whether members of any gateway watch. Workers report their members only then.
  bool is_wanted() const;

  /// Whether no member watches and this may be forgotten.
  bool is_over(Clock::time_point now) const {
    return is_subscribed_ && awaited_.empty() && !is_wanted() && now - published_at_ >= period;
  }

  const std::set<std::size_t>& watching_workers() const { return watching_; }

  /// The last presence that was told; null before. For workers that begin to watch.
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
  bool is_own_told_ = true;  // the other gateways know own_
  Clock::time_point published_at_{};
  Clock::time_point asked_at_{};
  Clock::time_point answered_at_{};
  Clock::time_point may_tell_at_{};
  std::shared_ptr<const Presence> told_;
  Attendance told_attendance_;
};

}  // namespace chat::gateway
