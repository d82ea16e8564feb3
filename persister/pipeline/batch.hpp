// A batch of records on its way to the store, and the rule of when one is complete.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "persister/interfaces/source.hpp"
#include "persister/interfaces/store.hpp"

namespace chat::persister {

/// The records that were read since the last batch. `reached` is where each partition continues once all of
/// them are dealt with.
struct Batch {
  std::vector<Row> rows;
  std::deque<DeadLetter> letters;
  std::map<std::int32_t, StoredPosition> reached;
  std::chrono::steady_clock::time_point since{};  // when its first record was read
  std::int64_t oldest_timestamp = -1;             // Kafka's of that record; -1: none

  bool empty() const { return reached.empty(); }

  /// Forgets everything of these partitions: another persister reads it again.
  void drop(std::span<const std::int32_t> partitions);
};

/// The offsets of a batch as the source and the store take them.
std::vector<Position> to_positions(const std::map<std::int32_t, StoredPosition>& reached);

struct BatchLimits {
  std::size_t records = 1000;
  std::size_t bytes = 4 * 1024 * 1024;  // of the records' values
  std::chrono::milliseconds age{50};    // of the oldest record
};

/// Pure: collects records until one of the limits is reached.
class Batcher {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// `topic`: the records', by which raw texts get their ids.
  explicit Batcher(BatchLimits limits, std::string topic = {}) : limits_(limits), topic_(std::move(topic)) {}

  /// Decodes the record into a row, or into a dead letter where it cannot be decoded.
  void add(SourceRecord record, TimePoint now);

  bool is_due(TimePoint now) const;

  /// How long until the batch is due by its age, at most `max`.
  std::chrono::milliseconds time_left(TimePoint now, std::chrono::milliseconds max) const;

  bool empty() const { return batch_.empty(); }

  /// The batch; a new one begins.
  Batch take();

  void drop(std::span<const std::int32_t> partitions) { batch_.drop(partitions); }

 private:
  BatchLimits limits_;
  std::string topic_;
  Batch batch_;
  std::size_t bytes_ = 0;
};

}  // namespace chat::persister
