// How far PostgreSQL is with a partition of the topic.
#pragma once

#include <cstdint>

#include "common/wire/record_hash.hpp"

namespace chat {

/// A record of the topic, known by the offset behind it and its hash.
struct KnownRecord {
  std::int64_t next_offset = 0;
  std::int64_t record_hash = unknown_record;

  friend bool operator==(const KnownRecord&, const KnownRecord&) = default;
};

/// A row of the table `positions`.
struct StoredPosition {
  std::int64_t next_offset = 0;               // everything below is stored, or was never there
  std::int64_t record_hash = unknown_record;  // of the record at next_offset - 1
  std::int64_t generation = 0;                // another one since the position was set anew
  bool rooms_unchecked = false;  // rows were lost: watermarks of the partition's rooms may lie too high
  KnownRecord proven{};          // an earlier record, of the topic in which the reading began

  friend bool operator==(const StoredPosition&, const StoredPosition&) = default;
};

}  // namespace chat
