// Where messages become rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
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

/// A number of a room that no message of the table will have, since its record is a dead letter.
struct DeadNumber {
  std::int32_t partition = 0;
  std::string room;
  Cursor cursor;
};

/// What became of a batch: nothing of it is stored when there is a failure; else all of it is, except
/// `reused`.
struct StoreOutcome {
  std::optional<postgres::Failure> failure;
  std::size_t inserted = 0;
  std::size_t duplicates = 0;          // stored before with the same text
  std::vector<std::size_t> reused;     // places in the batch whose id is stored with another text (DESIGN 7)
  std::vector<std::size_t> elsewhere;  // those of the duplicates whose row has another number
};

class Store {
 public:
  virtual ~Store() = default;

  /// One transaction: the rows, idempotently by (room, id), the positions, only upwards, and the numbers of
  /// dead letters; each may be empty. These numbers and those of the reused and elsewhere rows are noted as
  /// void, unless a row has them. Blocks; one thread.
  virtual StoreOutcome store(std::span<const Row> rows, std::span<const Position> positions,
                             std::span<const DeadNumber> dead) = 0;

  /// Tries all that store() needs, in a transaction that is rolled back, so that nobody ever sees its row.
  /// Nullopt where it works, also where only the tried row is refused. Blocks; one thread.
  virtual std::optional<postgres::Failure> rehearse() = 0;
};

}  // namespace chat::persister
