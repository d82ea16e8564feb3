// The hub as one worker sees it.
#pragma once

#include <cstdint>
#include <string>

#include "gateway/bus/attendance.hpp"

namespace chat::gateway {

/// The calls do not block, and keep their order.
class HubPort {
 public:
  virtual ~HubPort() = default;

  /// Subscribes to the room's messages. Rooms::on_subscribed with the same token answers on the worker; from
  /// then on the worker gets every message that the gateway sees.
  virtual void want(const std::string& room, std::uint64_t token) = 0;
  virtual void unwant(const std::string& room) = 0;

  /// Tells the members on all gateways, except that session (notices.hpp).
  virtual void tell_typing(const std::string& room, std::uint64_t session, const std::string& user) = 0;

  /// Whether members on this worker asked for presence. Room::on_presence gets it.
  virtual void watch(const std::string& room, bool is_watched) = 0;

  /// The members that this worker has in the room (Room::report_attendance).
  virtual void attend(const std::string& room, Attendance attendance) = 0;
};

}  // namespace chat::gateway
