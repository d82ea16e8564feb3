// Lets a repeated line into the log once in a while.
#pragma once

#include <chrono>

#include "common/base/clock.hpp"

namespace chat {

/// Pure; one thread.
class ReportLimit {
 public:
  explicit ReportLimit(std::chrono::milliseconds period) : period_(period) {}

  /// True at the first call, and then at most once a period.
  bool allows(Clock::TimePoint now) {
    if (now < next_) return false;
    next_ = now + period_;
    return true;
  }

  /// The next line has to wait a whole period from now on.
  void begin(Clock::TimePoint now) { next_ = now + period_; }

 private:
  std::chrono::milliseconds period_;
  Clock::TimePoint next_{};
};

}  // namespace chat
