// Waits between tries: exponential, capped, with full jitter.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>

namespace chat {

/// Pure: draws the next wait, never 0 ms (H7). Not thread-safe; one per retrying thing.
class Backoff {
 public:
  using Duration = std::chrono::milliseconds;

  Backoff(Duration first, Duration most, std::uint64_t seed = std::random_device{}())
      : first_(first), most_(most), ceiling_(first), engine_(seed) {}

  /// A wait from half of the present ceiling to the ceiling; the ceiling doubles up to `most`.
  Duration next() {
    const auto ceiling = std::max<std::int64_t>(ceiling_.count(), 1);
    std::uniform_int_distribution<std::int64_t> draw(std::max<std::int64_t>(ceiling / 2, 1), ceiling);
    const Duration wait{draw(engine_)};
    ceiling_ = std::min(most_, ceiling_ * 2);
    return wait;
  }

  /// After a success: begins at `first` again.
  void reset() { ceiling_ = first_; }

 private:
  Duration first_;
  Duration most_;
  Duration ceiling_;
  std::mt19937_64 engine_;
};

}  // namespace chat
