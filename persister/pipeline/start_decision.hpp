// Decides where the reading of a partition begins, from PostgreSQL's position and Kafka's offsets.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "common/wire/stored_position.hpp"
#include "persister/interfaces/source.hpp"

namespace chat::persister {

enum class StartCause {
  as_before,      // PostgreSQL and Kafka agree
  first,          // nobody has read the partition before
  other_program,  // where the consumer of another program committed
  taken_over,     // a position of a release that did not note the topic
  behind,         // PostgreSQL has less than it had
  emptied,        // PostgreSQL has nothing of what it had
  other_topic,    // the topic is not the one that the position was noted in
  expired,        // Kafka no longer has what comes next
};

/// "as_before" and so on, for the log.
std::string_view name(StartCause cause);

/// What this process knows of a partition beside PostgreSQL and Kafka.
struct KnownPartition {
  std::optional<StoredPosition> stored;  // what its last transaction committed
  bool is_other_topic = false;           // a record was seen that is not the one of the position
  bool has_skipped = false;              // records of the other topic were stored without those before them
  bool has_lost_rows = false;            // rows that it stored are gone, whatever the position says
};

struct Start {
  StartCause cause = StartCause::as_before;
  std::int64_t read_from = 0;
  std::int64_t began = 0;   // the first offset that was ever read
  bool verifies = false;    // the first record is the stored one that the position recognises
  StoredPosition position;  // PostgreSQL's, once it is set so where it needs_reset
  bool needs_reset = false;
  std::int64_t lost_from = 0;  // offsets that PostgreSQL does not have and Kafka no longer has
  std::int64_t lost_to = 0;    // behind the last one
};

/// Pure. `row` is PostgreSQL's position, which decides: a lost row is read again, whatever was committed. The
/// offset that the group committed decides only where there is no position and no persister of ours ever
/// committed.
Start decide_start(const std::optional<StoredPosition>& row, const SourceLog& log,
                   const KnownPartition& known);

}  // namespace chat::persister
