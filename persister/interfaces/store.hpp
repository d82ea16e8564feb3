// Stores messages as rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/postgres/failure.hpp"
#include "common/wire/record.hpp"
#include "common/wire/stored_position.hpp"
#include "persister/interfaces/source.hpp"

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

/// The key of a row.
struct RowKey {
  std::int32_t partition = 0;
  std::string room;
  Uuid id;
  Cursor cursor{};
};

/// What a transaction does to a position.
struct Advance {
  std::int32_t partition = 0;
  StoredPosition from;           // as it was known; a lower one in PostgreSQL means that rows were lost
  std::int64_t next_offset = 0;  // behind the last record that is dealt with
  std::int64_t record_hash = unknown_record;
  KnownRecord proven{};  // of the position afterwards
};

/// A position that is set anew, perhaps lower, under a new generation. `from`: what was found; nothing
/// happens where another persister was quicker. None: no row was found.
struct Reset {
  std::int32_t partition = 0;
  std::optional<StoredPosition> from;
  StoredPosition to;  // its generation is PostgreSQL's to say
};

/// How far PostgreSQL is, and which server said so.
struct PositionsAnswer {
  std::optional<postgres::Failure> failure;
  std::map<std::int32_t, StoredPosition> positions;
  std::string server;  // system identifier and timeline
};

/// What became of a batch: nothing of it is stored when there is a failure; else all of it is, except
/// `reused`.
struct StoreOutcome {
  std::optional<postgres::Failure> failure;
  std::size_t inserted = 0;
  std::size_t duplicates = 0;          // stored before with the same text
  std::vector<std::size_t> reused;     // indexes in the batch whose id is stored with another text
  std::vector<std::size_t> elsewhere;  // those of the duplicates whose row has another number
  std::size_t pruned = 0;              // at or below their room's floor: deleted before, not stored again
  /// Partitions whose position in PostgreSQL lies below the one that the transaction began from, is gone, or
  /// was set anew, or of which an earlier row is gone. Nothing of the transaction is stored where there is
  /// any.
  std::vector<std::int32_t> behind;
  bool has_lost_rows = false;  // it is the rows: PostgreSQL forgot a commit of this very batch
};

class Store {
 public:
  virtual ~Store() = default;

  /// One transaction: the rows, idempotently by (room, id), the positions, only upwards from where they were
  /// known to be, and the numbers of dead letters; each may be empty. These numbers and those of the reused
  /// and elsewhere rows are noted as void, unless a row has them. `earlier`: rows that the advances pass, and
  /// that transactions before this one stored; they must still be there, or be at or below their room's
  /// floor. Blocks; one thread.
  virtual StoreOutcome store(std::span<const Row> rows, std::span<const Advance> advances,
                             std::span<const DeadNumber> dead, std::span<const RowKey> earlier) = 0;

  /// Tries all that store() needs, in a transaction that is rolled back, so that its row is never visible.
  /// Nullopt where it works, also where only the tried row is refused. Blocks; one thread.

  virtual std::optional<postgres::Failure> rehearse() = 0;
  /// All positions of the topic, and the server.
  virtual PositionsAnswer positions() = 0;

  /// One transaction. positions() shows afterwards what became of it.
  virtual std::optional<postgres::Failure> reset(std::span<const Reset> resets) = 0;
};

}  // namespace chat::persister
