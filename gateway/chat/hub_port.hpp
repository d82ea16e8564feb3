// The hub as one worker sees it.
#pragma once

#include <cstdint>
#include <string>

#include "gateway/bus/attendance.hpp"

namespace chat::gateway {

/// Calls do not block, and keep their order.
class HubPort {
 public:
  virtual ~HubPort() = default;

  /// Asks for the room's messages; Rooms::on_subscribed with the same token answers on the worker. Messages
  /// that the gateway sees after that answer all come.
  virtual void want(const std::string& room, std::uint64_t token) = 0;
  virtual void unwant(const std::string& room) = 0;

  /// Tells the members on all gateways but that session (notices.hpp).
  virtual void tell_typing(const std::string& room, std::uint64_t session, const std::string& user) = 0;

  /// Whether members on this worker want to know who is in the room; Rooms::on_presence tells.
  virtual void watch(const std::string& room, bool is_watched) = 0;

  /// Whom this worker has in the room, asked for by Room::report_attendance.
  virtual void attend(const std::string& room, Attendance attendance) = 0;
};

}  // namespace chat::gateway
