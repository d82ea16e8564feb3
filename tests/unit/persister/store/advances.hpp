// Positions for tests that store without a pipeline.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "persister/interfaces/store.hpp"

namespace chat::persister::test {

/// To these positions from the beginning; a partition without a position gets one first.
inline std::vector<Advance> advances_to(Store& store, const std::vector<Position>& positions) {
  std::vector<Advance> advances;
  for (const auto& [partition, next_offset] : positions) {
    auto rows = store.positions().positions;
    if (!rows.contains(partition)) {
      const std::vector<Reset> first{{partition, std::nullopt, {}}};
      store.reset(first);
      rows = store.positions().positions;
    }
    StoredPosition from;
    from.generation = rows[partition].generation;
    advances.push_back({partition, from, next_offset, unknown_record});
  }
  return advances;
}

}  // namespace chat::persister::test
