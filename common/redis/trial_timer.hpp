// The waits between two trials of whether Redis does what a service needs.
#pragma once

#include <chrono>
#include <functional>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/base/lifetime.hpp"
#include "common/base/random.hpp"

namespace chat::redis {

struct TrialPace {
  std::chrono::milliseconds healthy{5'000};
  std::chrono::milliseconds troubled{1'000};
  std::chrono::milliseconds unconnected{20};
};

/// Calls a function after each wait. On the context's thread; each wait replaces the one before.
class TrialTimer {
 public:
  /// `try_again` begins a trial, whose end begins the next wait. `random` outlives this object.
  TrialTimer(boost::asio::io_context& context, TrialPace pace, std::function<void()> try_again,
             Random& random = Random::real());

  void start() { wait(std::chrono::milliseconds{0}); }

  // After a trial. Within a fifth of the pace, so that services that were started together do not try
  // together.
  void wait_after_success() { wait(jittered(pace_.healthy)); }
  void wait_after_trouble() { wait(jittered(pace_.troubled)); }

  /// While there is no connection to try.
  void wait_for_connection() { wait(pace_.unconnected); }

  void wait(std::chrono::milliseconds time);

 private:
  std::chrono::milliseconds jittered(std::chrono::milliseconds time);

  boost::asio::steady_timer timer_;
  const TrialPace pace_;
  const std::function<void()> try_again_;
  Random& random_;
  Lifetime lifetime_;
};

}  // namespace chat::redis
