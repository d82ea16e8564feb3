// A rate limit per second. Pure.
#pragma once

#include <chrono>
#include <cstddef>

namespace chat::gateway {

class RateWindow {
 public:
  explicit RateWindow(std::size_t max_a_second) : max_a_second_(max_a_second) {}

  /// False if the limit of the present second is reached. Around the end of a second, twice as many can pass
  /// in a row.
  bool take(std::chrono::steady_clock::time_point now) {
    if (now >= end_) {
      end_ = now + std::chrono::seconds(1);
      taken_ = 0;
    }
    if (taken_ == max_a_second_) return false;
    ++taken_;
    return true;
  }

 private:
  const std::size_t max_a_second_;
  std::size_t taken_ = 0;
  std::chrono::steady_clock::time_point end_{};
};

}  // namespace chat::gateway
