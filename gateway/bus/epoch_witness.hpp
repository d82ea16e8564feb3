// The epochs that a Redis may have given while this gateway was connected. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

namespace chat::gateway {

/// A gateway that keeps reading Redis's highest epoch can bound the epochs that this Redis gave up to its
/// end: each epoch is one above the highest, or Redis's clock.
class EpochWitness {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// How long a reading can bound later epochs. A Redis that was silent for longer may have had successors
  /// that are gone as well.
  static constexpr std::chrono::minutes life{5};
  /// What the clock may have gained between two readings, and the epochs that were begun in that time.
  static constexpr std::chrono::milliseconds slack{1'000};

  /// Redis told the highest epoch that it gave, and its clock.
  void saw(std::int64_t highest, std::int64_t clock_ms, TimePoint now) {
    reading_ = Reading{highest, clock_ms, now};
  }

  /// At least the highest epoch that this Redis has given up to now; none where that is not known.
  std::optional<std::int64_t> bound(TimePoint now) const {
    if (!reading_ || now - reading_->at > life) return std::nullopt;
    const auto passed = std::chrono::ceil<std::chrono::milliseconds>(now - reading_->at + slack);
    return std::max(reading_->highest, reading_->clock_ms) + passed.count();
  }

 private:
  struct Reading {
    std::int64_t highest;
    std::int64_t clock_ms;
    TimePoint at;
  };
  std::optional<Reading> reading_;
};

}  // namespace chat::gateway
