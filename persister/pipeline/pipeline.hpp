// The persister's loop: reads, stores, commits the offsets; pauses and continues where the database fails.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "common/admin/dependencies.hpp"
#include "common/base/clock.hpp"
#include "common/base/trouble.hpp"
#include "persister/interfaces/owned_partitions.hpp"
#include "persister/interfaces/position_audit.hpp"
#include "persister/interfaces/receipts.hpp"
#include "persister/interfaces/source.hpp"
#include "persister/interfaces/store.hpp"
#include "persister/pipeline/batch.hpp"
#include "persister/pipeline/batch_store.hpp"
#include "persister/pipeline/batch_work.hpp"
#include "persister/pipeline/database_state.hpp"
#include "persister/pipeline/dead_letter_writer.hpp"
#include "persister/pipeline/persister_metrics.hpp"
#include "persister/pipeline/persister_status.hpp"
#include "persister/pipeline/position_keeper.hpp"
#include "persister/pipeline/store_trace.hpp"
#include "persister/pipeline/stored_offsets.hpp"

namespace chat::persister {

struct PipelineSettings {
  std::chrono::milliseconds pause{60'000};                   // after a database error
  std::chrono::milliseconds stop_limit{10'000};              // for the batch in hand at the end
  std::chrono::milliseconds rehearsal_period{15'000};        // while nothing is to be stored
  std::chrono::milliseconds dead_letter_alarm{15 * 60'000};  // how long /readyz shows the last letter
  BatchLimits batch;
  std::string topic;  // of the messages: a raw text's id is made from it
};

/// What the pipeline works with; all of it outlives it.
struct PipelineParts {
  Store& store;
  DeadLetterQueue& dead_letters;
  Receipts& receipts;
  OwnedPartitions& owned;  // the pipeline keeps it up to date
  admin::Trial& database;
  admin::Trial& dead_letter_alarm;
  PositionAudit& audit;
  tracing::Tracer* tracer = nullptr;  // null: nothing is traced
};

/// One thread. Everything given outlives it. No function throws because of Kafka or PostgreSQL.
class Pipeline : public SourceListener {
 public:
  Pipeline(PipelineSettings settings, PipelineParts parts, PersisterMetrics& metrics, PersisterStatus& status,
           Clock& clock);

  /// The source is made with this object as its listener and given here before the first turn.
  void use(Source& source) {
    source_ = &source;
    keeper_.use(source);
  }

  /// One step: reads a record, or goes on with the batch in hand. Blocks for at most 100 ms, or as long as
  /// one transaction or one dead letter takes.
  void turn();

  /// Stores what is in hand, for at most the stop limit and not while paused; what is left stays in Kafka.
  /// Then commits the offsets and leaves the group.
  void finish();

  void on_assigned(const std::vector<std::int32_t>& partitions) override;
  void on_revoked(const std::vector<std::int32_t>& partitions) override;
  void on_lost_position(std::int32_t partition) override { keeper_.lost_position(partition); }
  void on_interruption() override { keeper_.ask_audit(); }

 private:
  void read(std::chrono::milliseconds wait);
  void begin_work();
  void drive();
  void take_step();
  void publish_letter();
  void store_part();
  void pause_for_database(const postgres::Failure& failure, Trouble trouble);
  void commit_offsets();
  void observe_stored();
  void start_partitions();
  bool check_positions();
  void give_up(const std::vector<std::int32_t>& partitions, bool has_lost_rows = false);
  void drop(const std::vector<std::int32_t>& partitions);
  void hold_source();
  void release_source();

  PipelineSettings settings_;
  PipelineParts parts_;
  PersisterMetrics& metrics_;
  PersisterStatus& status_;
  Clock& clock_;
  Source* source_ = nullptr;

  PositionKeeper keeper_;
  Batcher batcher_;
  std::optional<BatchWork> work_;  // the batch in hand
  std::size_t poison_run_ = 0;
  std::optional<Clock::TimePoint> waits_until_;
  bool is_source_held_ = false;
  BatchStore batch_store_;
  StoreTrace trace_;
  DeadLetterWriter letters_;
  DatabaseState database_;
  StoredOffsets stored_offsets_;
};

}  // namespace chat::persister
