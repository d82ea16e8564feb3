// Waits between tries: exponential, capped, with full jitter.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "common/base/random.hpp"

namespace chat {

/// Draws the next wait, which is never 0 ms. Not thread-safe; one for each thing that is tried again.
class Backoff {
 public:
  using Duration = std::chrono::milliseconds;

  /// `random` outlives it.
  Backoff(Duration first, Duration max, Random& random = Random::real())
      : first_(first), max_(max), ceiling_(first), random_(random) {}

  /// A wait from half of the present ceiling to the ceiling. The ceiling doubles up to `max`.
  Duration next() {
    const auto ceiling = std::max<std::int64_t>(ceiling_.count(), 1);
    const Duration wait{random_.between(std::max<std::int64_t>(ceiling / 2, 1), ceiling)};
    ceiling_ = std::min(max_, ceiling_ * 2);
    return wait;
  }

  /// After a success: begins at `first` again.
  void reset() { ceiling_ = first_; }

 private:
  Duration first_;
  Duration max_;
  Duration ceiling_;
  Random& random_;
};

}  // namespace chat
