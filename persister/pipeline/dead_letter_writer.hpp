// Writes dead letters to their queue, again and again until they are written.
#pragma once

#include <chrono>
#include <optional>

#include "common/admin/dependencies.hpp"
#include "common/base/backoff.hpp"
#include "common/base/clock.hpp"
#include "persister/interfaces/source.hpp"
#include "persister/pipeline/dead_letter_alarm.hpp"
#include "persister/pipeline/persister_metrics.hpp"
#include "persister/pipeline/persister_status.hpp"

namespace chat::persister {

/// One thread.
class DeadLetterWriter {
 public:
  /// All of it outlives this object. `trial` shows a letter for `alarm_duration`.
  DeadLetterWriter(DeadLetterQueue& queue, admin::Trial& trial, std::chrono::milliseconds alarm_duration,
                   PersisterMetrics& metrics, PersisterStatus& status, Clock& clock);

  /// Tries once. None: it is written. Else how long to wait before the next try.
  std::optional<std::chrono::milliseconds> write(const DeadLetter& letter);

  void end_alarm_where_due() { alarm_.end_where_due(clock_.now()); }

 private:
  DeadLetterQueue& queue_;
  PersisterMetrics& metrics_;
  PersisterStatus& status_;
  Clock& clock_;
  DeadLetterAlarm alarm_;
  Backoff backoff_;
};

}  // namespace chat::persister
