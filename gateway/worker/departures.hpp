// The clients of one worker that are to be sent to other gateways, each at a moment of its own.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <vector>

#include "common/base/clock.hpp"
#include "common/base/random.hpp"
#include "gateway/chat/session.hpp"

namespace chat::gateway {

/// On the worker's thread.
class Departures {
 public:
  using Sessions = decltype(SessionServices::sessions);

  /// Both outlive it.
  Departures(const Clock& clock, Random& random) : clock_(clock), random_(random) {}

  /// Chooses `count` of the sessions at random and tells each when to reconnect (departure.hpp). Replaces an
  /// earlier plan. Returns how many there were.
  std::size_t plan(Sessions& sessions, std::size_t count, std::chrono::milliseconds span);

  /// Sends away those whose turn has come. A session whose turn has come takes no more commands, and goes
  /// once what it asked for is answered, or after 2 s. To be called every few milliseconds until size() is 0.
  void run();

  /// Those that were not sent away yet, some of which may have left by themselves.
  std::size_t size() const { return waiting_.size() + leaving_.size(); }

 private:
  struct Turn {
    Clock::TimePoint at;
    std::weak_ptr<Session> session;
  };

  std::vector<std::shared_ptr<Session>> choose(Sessions& sessions, std::size_t count);

  const Clock& clock_;
  Random& random_;
  std::vector<Turn> waiting_;  // the next one is the last
  std::vector<Turn> leaving_;  // their turn has come; `at` is the end of the wait for answers
};

}  // namespace chat::gateway
