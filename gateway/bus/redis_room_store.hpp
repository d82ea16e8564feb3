// A worker's RoomStore on Redis.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/admin/dependencies.hpp"
#include "common/base/clock.hpp"
#include "common/base/lifetime.hpp"
#include "common/redis/command_connection.hpp"
#include "gateway/bus/read_cause.hpp"
#include "gateway/bus/room_commands.hpp"
#include "gateway/bus/room_store.hpp"

namespace chat::gateway {

inline constexpr std::int64_t default_stream_hard_cap = 20000;

/// Owns one command connection. Handlers that have not run when it is destroyed are dropped; not to be
/// destroyed inside a handler.
class RedisRoomStore final : public RoomStore {
 public:
  /// `metrics` and `clock` must outlive it, and `trial`, which is told whether there is a connection.
  /// Connects from start() on.
  RedisRoomStore(boost::asio::io_context& context, const config::RedisSettings& settings, Metrics& metrics,
                 std::int64_t stream_hard_cap = default_stream_hard_cap, redis::Timing timing = {},
                 admin::Trial* trial = nullptr, const Clock& clock = Clock::real());

  /// On the worker's thread, or before that runs.
  void start() { connection_.start(); }

  void accept(AcceptRequest request, std::function<void(AcceptReply)> handler) override;
  void read(ReadRequest request, std::function<void(ReadReply)> handler) override;
  bool connected() const override { return connection_.is_ready(); }

  /// Why there is or was no connection, as a sentence for a person; empty while nothing went wrong.
  std::string last_error() const { return connection_.last_error(); }

 private:
  struct Held {
    AcceptRequest request;
    RoomCommands::AcceptHandler handler;
    Clock::TimePoint deadline;
  };

  void hold(AcceptRequest request, RoomCommands::AcceptHandler handler);
  void try_later();
  void try_first();
  void on_tried(AcceptReply reply);
  void refuse_late();

  const Clock& clock_;
  redis::CommandConnection connection_;
  RoomCommands commands_;
  const ReadCounters reads_;
  /// Accepts that wait for the proof of a new epoch. The journal's slots bound them, as they do all accepts.
  std::deque<Held> held_;
  boost::asio::steady_timer timer_;
  Lifetime lifetime_;
};

}  // namespace chat::gateway
