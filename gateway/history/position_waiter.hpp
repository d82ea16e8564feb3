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
  std::chrono::milliseconds delay{1'000};  // for gateways to produce what their members have seen
  std::chrono::milliseconds limit{10'000};
  std::chrono::milliseconds poll{50};
  std::size_t max_waits = 10'000;  // a further one is answered false at once
};

/// One thread for all waits. In each turn it asks once for each partition's end, for all positions, and for
/// each position's proof, however many rooms wait. A partition that does not answer delays only its own
/// rooms.
class PositionWaiter {
 public:
  explicit PositionWaiter(PositionSources sources, PositionTiming timing = {});
  /// Drops waits that are not over.
  ~PositionWaiter();
  PositionWaiter(const PositionWaiter&) = delete;
  PositionWaiter& operator=(const PositionWaiter&) = delete;

  /// Any thread. `handler` runs on the waiter's thread, or within the call, and must not block. It is told
  /// true once the position has reached the end that the partition had after `delay`, and is proven; false if
  /// that did not happen within `limit`.
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
  std::size_t old_waits_ = 0;  // that the thread has taken
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace chat::gateway
