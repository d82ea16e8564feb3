// Whether PostgreSQL takes what the persister has to store, and who is told of it.
#pragma once

#include <chrono>
#include <cstddef>

#include "common/admin/dependencies.hpp"
#include "common/base/clock.hpp"
#include "common/base/trouble.hpp"
#include "persister/interfaces/store.hpp"
#include "persister/pipeline/persister_metrics.hpp"
#include "persister/pipeline/persister_status.hpp"

namespace chat::persister {

/// One thread. Writes the state into the metrics, the status, the trial and the log.
class DatabaseState {
 public:
  /// All of it outlives this object. `rehearsal_period`: between two rehearsals while nothing is stored.
  DatabaseState(admin::Trial& trial, PersisterMetrics& metrics, PersisterStatus& status, Clock& clock,
                std::chrono::milliseconds rehearsal_period);

  /// A transaction or a rehearsal succeeded.
  void note_works();

  /// A transaction stored something.
  void note_stored(const StoreOutcome& outcome);

  /// PostgreSQL answers again after a pause, but may still refuse rows: the next rehearsal comes at once.
  void note_answers();

  /// The pipeline pauses with these records in hand.
  void note_pause(const postgres::Failure& failure, Trouble trouble, std::chrono::milliseconds pause,
                  std::size_t held_records);

  /// PostgreSQL did not answer while nothing waits to be stored.
  void note_silent(Trouble trouble);

  /// Tries, where the time has come, whether a row could be stored. Call it while nothing waits to be stored,
  /// so that an operator learns of a fault before the next message meets it. Whether it tried.
  bool rehearse_where_due(Store& store);

 private:
  void note_refused(const postgres::Failure& failure);

  admin::Trial& trial_;
  PersisterMetrics& metrics_;
  PersisterStatus& status_;
  Clock& clock_;
  const std::chrono::milliseconds rehearsal_period_;
  Clock::TimePoint next_rehearsal_;
};

}  // namespace chat::persister
