// The ping and pong times of one Engine.IO session, and the time at which the client counts as gone.
#pragma once

#include <chrono>

namespace chat::gateway::engineio {

/// Pure: knows no clock and sends nothing. Every deadline that is not set is TimePoint::max().
class Heartbeat {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  Heartbeat(std::chrono::milliseconds interval, std::chrono::milliseconds timeout)
      : interval_(interval), timeout_(timeout) {}

  /// The session is open: the first ping is due one interval later.
  void start(TimePoint now);

  /// The client answered: the next ping is due one interval later.
  void on_pong(TimePoint now);

  bool is_ping_due(TimePoint now) const { return now >= next_ping_; }

  /// The caller sends the ping that is due. The client's time for the pong starts when the ping was due. If
  /// the worker was delayed by more than 100 ms, it starts now.
  void on_ping(TimePoint now);

  bool is_client_overdue(TimePoint now) const { return now >= client_deadline_; }

  /// Gives the client one more timeout. For a client whose pong may be waiting behind messages that the
  /// handler has not taken.
  void extend(TimePoint now) { client_deadline_ = now + timeout_; }

  /// The session is closing: it sends no further ping, and the client is overdue at `deadline` at the latest.
  void close_by(TimePoint deadline);

  /// No deadline is left.
  void stop() { next_ping_ = client_deadline_ = TimePoint::max(); }

  /// The earlier of the next ping and the time at which the client is overdue.
  TimePoint deadline() const;

 private:
  std::chrono::milliseconds interval_;
  std::chrono::milliseconds timeout_;
  TimePoint next_ping_ = TimePoint::max();
  TimePoint client_deadline_ = TimePoint::max();
};

}  // namespace chat::gateway::engineio
