// Time as an argument, so that tests and simulations can give their own.
#pragma once

#include <chrono>
#include <thread>

namespace chat {

/// Any thread.
class Clock {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  virtual ~Clock() = default;

  /// For waits and limits; never goes back.
  virtual TimePoint now() const = 0;

  /// The calendar's time, which may be set back.
  virtual std::chrono::system_clock::time_point wall_time() const = 0;

  virtual void sleep(std::chrono::milliseconds time) = 0;

  /// The machine's.
  static Clock& real();
};

/// The machine's clocks.
class SystemClock final : public Clock {
 public:
  TimePoint now() const override { return std::chrono::steady_clock::now(); }
  std::chrono::system_clock::time_point wall_time() const override {
    return std::chrono::system_clock::now();
  }
  void sleep(std::chrono::milliseconds time) override { std::this_thread::sleep_for(time); }
};

inline Clock& Clock::real() {
  static SystemClock clock;
  return clock;
}

}  // namespace chat
