// The source of the persister's records, and the queue for those that can never be stored.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/wire/record_hash.hpp"
#include "persister/interfaces/origin.hpp"
#include "persister/interfaces/record_trace.hpp"

namespace chat::persister {

/// A position in the topic. `next_offset` is the first offset that has not been dealt with, as Kafka counts
/// committed offsets.
struct Position {
  std::int32_t partition = 0;
  std::int64_t next_offset = 0;
};

struct SourceRecord {
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::string key;
  std::string value;
  std::int64_t timestamp = -1;     // Kafka's, milliseconds since 1970; -1: none
  std::optional<Origin> origin{};  // of a record that was put back from the dead letters
  RecordTracePtr trace{};          // null unless its message is traced
};

/// Where the record stood before any dead letter.
inline Origin origin_of(const SourceRecord& record) {
  return record.origin.value_or(Origin{record.partition, record.offset, record.timestamp});
}

/// The hash by which the record is recognised.
inline std::int64_t hash_of(const SourceRecord& record) {
  return record_hash(record.key, record.value, record.timestamp);
}

/// Told about rebalances from inside Source::poll, on the polling thread.
class SourceListener {
 public:
  virtual ~SourceListener() = default;
  virtual void on_assigned(const std::vector<std::int32_t>& partitions) = 0;
  /// Before the partitions go. Records of them that are held must be dropped, since another persister reads
  /// them again; offsets whose rows PostgreSQL has may still be committed.
  virtual void on_revoked(const std::vector<std::int32_t>& partitions) = 0;
  /// The topic, or the offset that comes next, is not there (any more). Nothing more comes of the partition
  /// before the next read_from().
  virtual void on_lost_position(std::int32_t partition) = 0;
  /// Reading failed and goes on, or no broker could be reached for a while: Kafka may have another topic of
  /// the same name by now.
  virtual void on_interruption() = 0;
};

/// What Kafka has of a partition.
struct SourceLog {
  std::int64_t start = 0;  // its first record
  std::int64_t end = 0;    // behind its last one
  struct Commit {
    std::int64_t offset = 0;
    /// Where a persister of ours began to read, written beside the offset. None in the commit of another
    /// program: the consumer of the previous system, or a release that did not write it.
    std::optional<std::int64_t> began;
  };
  std::optional<Commit> commit;  // of the group
};

/// Where the reading of a partition begins. `began`: the first offset that was ever read, told with each
/// commit.
struct ReadPosition {
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::int64_t began = 0;
};

/// A consumer group's member. All calls from one thread. No function throws because of the network.
class Source {
 public:
  virtual ~Source() = default;

  /// The next record, or none within `wait`. Also serves rebalances and keeps the membership; must be called
  /// at least every few seconds, paused or not. While paused no record comes, also not of partitions
  /// that are assigned meanwhile.
  virtual std::optional<SourceRecord> poll(std::chrono::milliseconds wait) = 0;

  virtual void pause() = 0;
  virtual void resume() = 0;

  /// What Kafka has of each partition that answers; blocks for a few seconds at most.
  virtual std::map<std::int32_t, SourceLog> logs(const std::vector<std::int32_t>& partitions) = 0;

  /// Begins to read these partitions, or reads them from another offset. Those that are not this member's are
  /// passed over; the others go on as they were.
  virtual void read_from(const std::vector<ReadPosition>& positions) = 0;

  /// Commits without waiting; a failure is logged and made good by a later commit.
  virtual void commit(const std::vector<Position>& positions) = 0;

  /// Commits and waits at most `wait`; for revocations and the end.
  virtual void commit_and_wait(const std::vector<Position>& positions, std::chrono::milliseconds wait) = 0;

  /// Leaves the group; at most 10 s.
  virtual void close() = 0;
};

enum class DeadLetterCause { undecodable, refused, id_reused };

/// "undecodable", "refused" or "id_reused".
std::string_view name(DeadLetterCause cause);

/// A record that can never be stored, with the reason.
struct DeadLetter {
  SourceRecord record;
  std::string reason;  // one sentence without the text
  DeadLetterCause cause = DeadLetterCause::undecodable;
};

class DeadLetterQueue {
 public:
  virtual ~DeadLetterQueue() = default;

  /// Writes to the dead-letter topic with headers `reason`, `partition`, `offset`, `origin` and waits for the
  /// delivery report. False when it did not come within `wait`; the record must then be kept and tried again.
  /// Of one that the topic finds too large less is written, or nothing where even its position is too large.
  virtual bool publish(const DeadLetter& letter, std::chrono::milliseconds wait) = 0;
};

}  // namespace chat::persister
