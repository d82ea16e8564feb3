// What Redis has of the active rooms.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "common/base/clock.hpp"
#include "common/config/service_settings.hpp"
#include "common/metrics/metrics.hpp"
#include "common/redis/command_connection.hpp"
#include "common/redis/timing.hpp"
#include "common/wire/room_names.hpp"
#include "persister/holes/page.hpp"

namespace chat::persister {

/// A step of a scan.
struct ActiveRooms {
  std::vector<std::string> rooms;
  std::string next;  // where to go on; "0" at the end
};

struct RoomState {
  Cursor newest;     // {0, 0}: the room is gone
  Cursor watermark;  // {0, 0}: there is none

  bool is_resolved() const { return watermark >= newest; }
};

/// Owns a command connection and its loop; each call blocks its one thread for a few seconds at most. None:
/// Redis is away, or the thread was asked to stop.
class RedisRooms {
 public:
  /// `metrics` and `clock` outlive it.
  RedisRooms(const config::RedisSettings& settings, Metrics& metrics, redis::Timing timing,
             std::stop_token stop, const Clock& clock = Clock::real());

  /// Serves the connection until then, or until asked to stop.
  void serve_until(std::chrono::steady_clock::time_point time);

  bool ready() const { return connection_.is_ready(); }

  /// Of the Redis that gave the last answer.
  const std::string& run_id() const { return connection_.run_id(); }

  /// Some of the active rooms; `from` "0" at the beginning. A room may come twice.
  std::optional<ActiveRooms> active(const std::string& from);

  /// In the order of the rooms. Resolved ones leave the active rooms.
  std::optional<std::vector<RoomState>> look(const std::vector<std::string>& rooms);

  /// Some of the rooms that have a watermark; `from` as for active().
  std::optional<ActiveRooms> with_watermark(const std::string& from);

  /// Takes the rooms' watermarks away and makes the rooms active, so that they are compared from their
  /// beginning.
  bool forget_watermarks(const std::vector<std::string>& rooms);

  /// Takes the entries up to and with `until` out of the room's stream.
  bool trim(const std::string& room, Cursor until);

  /// The first entries after `after` up to and with `until`.
  std::optional<std::vector<StreamEntry>> entries(const std::string& room, Cursor after, Cursor until,
                                                  std::size_t max);

 private:
  using Words = std::initializer_list<std::string_view>;

  void ask(Words words, std::function<bool(const redis::Reply&)> read);
  bool all_answered();

  std::stop_token stop_;
  const Clock& clock_;
  RoomNames names_;
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::stop_callback<std::function<void()>> wake_;
  std::size_t unanswered_ = 0;
  bool has_failed_ = false;
  redis::CommandConnection connection_;
};

}  // namespace chat::persister
