// Waits until PostgreSQL has what a room's Kafka partition had.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "common/kafka/stored_progress.hpp"

namespace chat::gateway {

/// What the waiter asks, on its thread.
using PositionSources = kafka::ProgressSources;

struct PositionTiming {
  std::chrono::milliseconds delay{1'000};  // what a gateway is given to produce what it has shown
  std::chrono::milliseconds limit{10'000};
  std::chrono::milliseconds poll{50};
  std::size_t max_waits = 10'000;  // a further one is answered false at once
};

/// One thread for all waits: a partition's end, a position's proof and all positions are asked for once a
/// turn, however many rooms wait. A partition that does not answer holds up its own rooms only.
class PositionWaiter {
 public:
  explicit PositionWaiter(PositionSources sources, PositionTiming timing = {});
  /// Waits that are not over are dropped.
  ~PositionWaiter();
  PositionWaiter(const PositionWaiter&) = delete;
  PositionWaiter& operator=(const PositionWaiter&) = delete;

  /// Any thread. `handler` runs on the waiter's thread, or within the call, and must not block: true when
  /// the position reached the end that the partition had after `delay` and was proven then, false when that
  /// did not happen within
  /// `limit`.
  void wait(std::string room, std::function<void(bool)> handler);

 private:
  using Clock = std::chrono::steady_clock;
  struct Wait {
    std::string room;
    std::function<void(bool)> handler;
    Clock::time_point due;
    Clock::time_point deadline;
    std::int32_t partition = -1;
    std::optional<std::int64_t> end;
    bool is_stored = false;
  };

  void run();
  void look(std::vector<Wait>& waits);
  void find_ends(std::vector<Wait>& waits, kafka::ProgressLook& progress);

  const PositionSources sources_;
  const PositionTiming timing_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Wait> new_waits_;
  std::size_t old_waits_ = 0;  // those that the thread has taken
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace chat::gateway
