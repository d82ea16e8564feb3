// The presence of all rooms in which members asked for it.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <prometheus/gauge.h>

#include "common/base/clock.hpp"
#include "gateway/fanout/room_presence.hpp"

namespace chat::gateway {

struct PresenceTiming {
  std::chrono::milliseconds tick_period{100};
};

/// A RoomPresence for each room that is watched on this or another gateway, and the timer that drives them.
/// On the bus thread.
class Presences {
 public:
  /// What this needs of the hub. None of them calls back.
  struct Links {
    /// The workers that have the room.
    std::function<std::vector<std::size_t>(const std::string& room)> workers_of;
    std::function<bool(const std::string& room)> is_subscribed;
    /// Whether Redis gets what is published now.
    std::function<bool()> can_publish;
    /// To the other gateways.
    std::function<void(const std::string& room, const PresenceNotice& notice)> publish;
    /// To a worker whose members watch.
    std::function<void(std::size_t worker, const std::string& room, std::shared_ptr<const Presence> presence)>
        tell;
    /// Asks a worker to report its members now and after each change, or no more.
    std::function<void(std::size_t worker, const std::string& room, bool is_wanted)> want_attendance;
  };

  /// `gauge` counts the rooms and outlives this.
  Presences(boost::asio::io_context& context, std::string gateway, prometheus::Gauge& gauge, Links links,
            const Clock& clock = Clock::real(), PresenceTiming timing = {});

  void watch(std::size_t worker, const std::string& room, bool is_watched);
  void attend(std::size_t worker, const std::string& room, Attendance attendance);

  /// A worker has members in the room from now on, or no more.
  void add(std::size_t worker, const std::string& room);
  void remove(std::size_t worker, const std::string& room);

  /// From another gateway or this one.
  void on_notice(const std::string& room, PresenceNotice notice);

  void on_lost();

  /// The first time, asks the other gateways whether their members watch.
  void on_subscribed(const std::string& room, bool is_first);

  /// This gateway is not subscribed to the room any more.
  void forget(const std::string& room);

  /// The gateway ends: tells the other gateways that its members are gone. Nothing is told afterwards.
  void end();

 private:
  RoomPresence* find(const std::string& room);
  RoomPresence& open(const std::string& room);
  void ask(std::size_t worker, const std::string& room, RoomPresence& presence);
  void tick();
  void arm();
  void set_gauge();

  boost::asio::steady_timer timer_;
  const std::string gateway_;
  prometheus::Gauge& gauge_;
  const Links links_;
  const Clock& clock_;
  const PresenceTiming timing_;
  bool is_armed_ = false;
  bool is_ended_ = false;
  std::unordered_map<std::string, RoomPresence> rooms_;
};

}  // namespace chat::gateway
