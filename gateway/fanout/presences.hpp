// Who is in the rooms of which somebody wants to know it.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <prometheus/gauge.h>

#include "gateway/fanout/room_presence.hpp"

namespace chat::gateway {

/// A RoomPresence for each room that is watched here or elsewhere, and the clock that drives them. On the bus
/// thread; no call leads to an event within it but want().
class Presences {
 public:
  struct Events {
    /// To the other gateways.
    std::function<void(const std::string& room, const PresenceNotice& notice)> publish;
    /// To a worker whose members watch.
    std::function<void(std::size_t worker, const std::string& room, std::shared_ptr<const Presence> presence)>
        tell;
    /// To every worker that has the room: whether it shall tell whom it has there, now and from now on.
    std::function<void(const std::string& room, bool is_wanted)> count;
  };

  /// `gauge` counts the rooms, and outlives it.
  Presences(boost::asio::io_context& context, std::string gateway, prometheus::Gauge& gauge, Events events);

  void watch(std::size_t worker, const std::string& room, bool is_watched);
  void attend(std::size_t worker, const std::string& room, Attendance attendance);
  void remove(std::size_t worker, const std::string& room);

  /// Of a room that this gateway is subscribed to.
  void on_notice(const std::string& room, PresenceNotice notice);

  void on_lost();
  void on_subscribed(std::string_view room);

  /// Whether workers that come to the room are asked whom they have.
  bool is_counted(const std::string& room) const { return rooms_.contains(room); }

  /// The gateway ends, and has nobody any more: all that were told of its members are told so. Nothing is
  /// told afterwards.
  void end();

  /// This gateway is not subscribed to the room any more.
  void forget(const std::string& room);

 private:
  RoomPresence* find(const std::string& room);
  RoomPresence& open(const std::string& room);
  void tick();
  void arm();

  boost::asio::steady_timer timer_;
  const std::string gateway_;
  prometheus::Gauge& gauge_;
  const Events events_;
  bool is_armed_ = false;
  std::unordered_map<std::string, RoomPresence> rooms_;
};

}  // namespace chat::gateway
