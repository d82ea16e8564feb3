// Where messages become rows.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "common/postgres/failure.hpp"
#include "common/wire/record.hpp"
#include "persister/source/source.hpp"

namespace chat::persister {

/// A message and the record that it came in, which a dead letter needs whole.
struct Row {
  SourceRecord record;
  MessageRecord message;
};

/// What became of a batch: nothing of it is stored when there is a failure; else all of it is, except
/// `reused`.
struct StoreOutcome {
  std::optional<postgres::Failure> failure;
  std::size_t inserted = 0;
  std::size_t duplicates = 0;       // stored before with the same text
  std::vector<std::size_t> reused;  // places in the batch whose id is stored with another text (DESIGN 7)
};

class Store {
 public:
  virtual ~Store() = default;

  /// One transaction: the rows, idempotently by (room, id), and the positions, only upwards; either may be
  /// empty. Blocks; one thread.
  virtual StoreOutcome store(std::span<const Row> rows, std::span<const Position> positions) = 0;
};

}  // namespace chat::persister
