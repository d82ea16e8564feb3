// Notices that the oldest of several waits has lasted too long, with one timer.
#pragma once

#include <chrono>
#include <functional>
#include <optional>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/base/lifetime.hpp"

namespace chat::redis {

/// The timer is armed for the oldest wait and looks again when it fires, so a wait that ends in time costs
/// nothing. On the io_context's thread.
class Watchdog {
 public:
  using Clock = std::chrono::steady_clock;

  /// `oldest` says when the oldest wait began, none when nothing waits; `expired` is called when that is
  /// `limit` ago.
  Watchdog(boost::asio::io_context& context, std::chrono::milliseconds limit,
           std::function<std::optional<Clock::time_point>()> oldest, std::function<void()> expired)
      : timer_(context), limit_(limit), oldest_(std::move(oldest)), expired_(std::move(expired)) {}

  /// Call when a wait begins.
  void watch() {
    if (!is_armed_) arm();
  }

 private:
  void arm() {
    const auto oldest = oldest_();
    is_armed_ = oldest.has_value();
    if (!oldest) return;
    timer_.expires_at(*oldest + limit_);
    timer_.async_wait(lifetime_.guard([this](boost::system::error_code) { look(); }));
  }

  void look() {
    is_armed_ = false;
    const auto oldest = oldest_();
    if (oldest && Clock::now() >= *oldest + limit_) return expired_();
    arm();
  }

  Lifetime lifetime_;
  boost::asio::steady_timer timer_;
  std::chrono::milliseconds limit_;
  std::function<std::optional<Clock::time_point>()> oldest_;
  std::function<void()> expired_;
  bool is_armed_ = false;
};

}  // namespace chat::redis
