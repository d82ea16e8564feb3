// How long the hole finder may work in one turn.
#pragma once

#include <chrono>
#include <stop_token>
#include <utility>

#include "common/base/clock.hpp"

namespace chat::persister {

class WorkLimit {
 public:
  /// `clock` outlives it.
  WorkLimit(const Clock& clock, std::chrono::milliseconds time, std::stop_token stop)
      : clock_(clock), deadline_(clock.now() + time), stop_(std::move(stop)) {}

  bool is_over() const { return stop_.stop_requested() || clock_.now() >= deadline_; }

 private:
  const Clock& clock_;
  const Clock::TimePoint deadline_;
  const std::stop_token stop_;
};

}  // namespace chat::persister
