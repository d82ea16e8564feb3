// The waits of one thread until PostgreSQL has what Kafka had, shared by the reads of a room.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/base/clock.hpp"
#include "common/base/task.hpp"
#include "gateway/history/history.hpp"

namespace chat::gateway {

/// The epochs of a room that can get no more messages.
struct ClosedEpochs {
  std::int64_t below = 0;
  /// Set if Redis has not numbered any message of the room under its present run. All epochs are then closed,
  /// until the room's first message under that run.
  std::string run{};
  bool operator==(const ClosedEpochs&) const = default;
};

/// On one thread.
class StoredWaits {
 public:
  using TimePoint = Clock::TimePoint;

  /// Results that are kept, beside the waits under way.
  static constexpr std::size_t max_results = 1024;

  /// `history` and `clock` outlive this. `history` reaches its thread through `post`.
  StoredWaits(History& history, Post post, const Clock& clock)
      : history_(history), post_(std::move(post)), clock_(clock) {}

  /// Whether a wait of the last minute has proven that PostgreSQL has all of these epochs.
  bool are_stored(const std::string& room, const ClosedEpochs& closed) const;

  /// Waits until PostgreSQL has everything that the room's Kafka partition had. Waits of one room for the
  /// same epochs share one question. `handler` is told once whether it has; never if this object ends first.
  void wait(const std::string& room, const ClosedEpochs& closed, std::function<void(bool)> handler);

 private:
  struct Wait {
    ClosedEpochs closed;
    TimePoint valid_until{};                          // zero until it has succeeded
    std::vector<std::function<void(bool)>> handlers;  // none once it is over
  };

  Task run(std::string room, ClosedEpochs closed);
  void forget_old_results(TimePoint now);

  History& history_;
  const Post post_;
  const Clock& clock_;
  std::unordered_map<std::string, Wait> waits_;
  TaskScope tasks_;
};

}  // namespace chat::gateway
