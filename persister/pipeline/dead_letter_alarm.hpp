// Says that records went to the dead letters, and shows it for a time.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

#include "common/admin/dependencies.hpp"
#include "persister/pipeline/batch.hpp"

namespace chat::persister {

/// One thread. The time is given.
class DeadLetterAlarm {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// The trial, which outlives it, shows a letter for the duration.
  DeadLetterAlarm(admin::Trial& trial, std::chrono::milliseconds duration);

  /// A letter was written. An error in the log, except for an id that was used again, which any client can
  /// do.
  void note(const DeadLetter& letter, TimePoint now);

  void end_where_due(TimePoint now);

 private:
  admin::Trial& trial_;
  const std::chrono::milliseconds duration_;
  std::optional<TimePoint> until_;
  std::size_t letters_ = 0;
};

}  // namespace chat::persister
