// Stores one part of a batch, with the few retries that a passing failure asks for.
#pragma once

#include "common/base/backoff.hpp"
#include "common/base/clock.hpp"
#include "persister/interfaces/store.hpp"
#include "persister/pipeline/batch_work.hpp"
#include "persister/pipeline/persister_metrics.hpp"
#include "persister/pipeline/position_keeper.hpp"

namespace chat::persister {

/// One thread.
class BatchStore {
 public:
  /// All of it outlives this object. `keeper` gives the positions and learns that they were committed.
  BatchStore(Store& store, PositionKeeper& keeper, PersisterMetrics& metrics, Clock& clock);

  /// Blocks for at most nine transactions and two seconds of waits between them.
  StoreOutcome store(const BatchWork& work);

 private:
  StoreOutcome store_once(const BatchWork& work);

  Store& store_;
  PositionKeeper& keeper_;
  PersisterMetrics& metrics_;
  Clock& clock_;
  Backoff backoff_;
};

}  // namespace chat::persister
