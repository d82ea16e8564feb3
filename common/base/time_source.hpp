// Where decisions get the time from, so that tests and simulations can give their own.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

namespace chat {

/// Milliseconds since 1970.
inline std::int64_t wall_clock_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

struct TimeSource {
  using TimePoint = std::chrono::steady_clock::time_point;

  /// Never goes back; for durations and deadlines.
  std::function<TimePoint()> now = std::chrono::steady_clock::now;

  /// Milliseconds since 1970. May jump; only shown to people.
  std::function<std::int64_t()> wall_ms = wall_clock_ms;
};

}  // namespace chat
