// Keeps the reading at PostgreSQL's positions, whatever offsets were committed to Kafka.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.hpp"
#include "persister/interfaces/position_audit.hpp"
#include "persister/interfaces/source.hpp"
#include "persister/interfaces/store.hpp"
#include "persister/pipeline/partition_book.hpp"
#include "persister/pipeline/persister_metrics.hpp"
#include "persister/pipeline/persister_status.hpp"

namespace chat::persister {

/// One thread. Starts the partitions of an assignment from PostgreSQL's positions, and starts them again
/// where PostgreSQL or the topic turns out to be another one. Reading records again is harmless: the rows
/// have keys.
class PositionKeeper {
 public:
  /// All of it outlives this object.
  PositionKeeper(Store& store, PositionAudit& audit, PersisterMetrics& metrics, PersisterStatus& status,
                 Clock& clock)
      : store_(store), audit_(audit), metrics_(metrics), status_(status), clock_(clock) {}

  void use(Source& source) { source_ = &source; }

  void assign(const std::vector<std::int32_t>& partitions) { book_.assign(partitions); }
  void revoke(const std::vector<std::int32_t>& partitions) { book_.revoke(partitions); }
  void lost_position(std::int32_t partition);

  /// Whether the record is to be stored.
  bool take(const SourceRecord& record);

  /// Whether partitions wait to be started. Nothing of them may be in hand when they are.
  bool has_due() const { return book_.has_due(clock_.now()); }

  /// Starts them. A partition of which Kafka does not answer is tried again later; after a failure all are.
  std::optional<postgres::Failure> start_due(std::chrono::milliseconds pause);

  /// What the store does to the positions; tell committed() once it has.
  std::vector<Advance> advances(const std::map<std::int32_t, StoredPosition>& reached) const {
    return book_.advances(reached);
  }
  void committed(const std::vector<Advance>& advances) { book_.committed(advances); }

  /// PartitionBook.
  bool has_stored(const Position& position) const { return book_.has_stored(position); }

  /// PostgreSQL has less of these than it had, or set them anew: they are started again. `has_lost_rows`:
  /// rows are gone, although the position does not show it.
  void behind(const std::vector<std::int32_t>& partitions, bool has_lost_rows);

  /// Whether PostgreSQL's positions are to be read: every few seconds, and after a failure, when the
  /// connection is a new one.
  bool check_is_due() const { return clock_.now() >= next_check_; }
  void ask_check() { next_check_ = {}; }

  struct Check {
    std::optional<postgres::Failure> failure;
    std::vector<std::int32_t> behind;  // tell behind() of them, once nothing of them is in hand
  };
  Check check();

  /// Whether audit() is to be called.
  bool audit_is_due() const { return clock_.now() >= next_audit_; }

  /// Continues to compare positions with Kafka. A topic that was made again may have more records already
  /// than were stored; reading it never fails. Never waits. Partitions of another topic are started again
  /// once nothing of them is in hand.
  void audit();

  /// The next audit is to begin soon.
  void ask_audit();

 private:
  void end_audit(const PositionAudit::Answers& answers);
  std::optional<postgres::Failure> reset(const std::map<std::int32_t, Start>& starts,
                                         std::map<std::int32_t, StoredPosition>& rows);
  void begin(const std::map<std::int32_t, Start>& starts, const std::map<std::int32_t, StoredPosition>& rows);
  void report(std::int32_t partition, const Start& start);
  void note_server(const std::string& server);

  Store& store_;
  PositionAudit& audit_;
  PersisterMetrics& metrics_;
  PersisterStatus& status_;
  Clock& clock_;
  Source* source_ = nullptr;
  PartitionBook book_;
  Clock::TimePoint next_check_{};
  Clock::TimePoint next_audit_{};  // when audit() is to be called
  Clock::TimePoint audit_began_{};
  std::size_t audited_ = 0;  // partitions of the audit that is under way
  bool is_auditing_ = false;
  bool is_audit_asked_ = false;
  std::string server_;
};

}  // namespace chat::persister
