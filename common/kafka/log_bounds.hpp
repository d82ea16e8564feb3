// The offsets that a partition holds, and what they say about a position of PostgreSQL.
#pragma once

#include <cstdint>

#include "common/wire/stored_position.hpp"

namespace chat::kafka {

/// The offsets of a partition: of the first record that it still has, and of its next record.
struct LogBounds {
  std::int64_t start = 0;
  std::int64_t end = 0;
};

/// Pure. Whether a position can only be that of another topic, such as one of the same name that was made
/// again: it lies above the partition's end.
inline bool is_above(const StoredPosition& position, const LogBounds& bounds) {
  return position.next_offset > bounds.end;
}

/// Pure. Whether the record is known and the partition still has one at its offset.
inline bool has_record(const KnownRecord& record, const LogBounds& bounds) {
  return record.record_hash != unknown_record && record.next_offset > bounds.start &&
         record.next_offset <= bounds.end;
}

}  // namespace chat::kafka
