// How far each partition is stored, so that its offset may be committed.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "persister/interfaces/source.hpp"

namespace chat::persister {

/// Pure; one thread. Kept so that a revocation and the end can commit once more and wait for it: the commits
/// after each batch wait for nothing.
class StoredOffsets {
 public:
  /// These offsets are in PostgreSQL.
  void note(std::span<const Position> positions) {
    for (const auto& [partition, next_offset] : positions) offsets_[partition] = next_offset;
  }

  /// Forgets these partitions; what was known of them.
  std::vector<Position> take(std::span<const std::int32_t> partitions) {
    std::vector<Position> taken;
    for (const std::int32_t partition : partitions)
      if (const auto node = offsets_.extract(partition)) taken.push_back({node.key(), node.mapped()});
    return taken;
  }

  std::vector<Position> all() const {
    std::vector<Position> positions;
    positions.reserve(offsets_.size());
    for (const auto& [partition, next_offset] : offsets_) positions.push_back({partition, next_offset});
    return positions;
  }

 private:
  std::map<std::int32_t, std::int64_t> offsets_;
};

}  // namespace chat::persister
