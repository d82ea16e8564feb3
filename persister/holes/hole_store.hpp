// Compares pages with PostgreSQL and stores what is missing there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/postgres/database.hpp"
#include "common/wire/stored_position.hpp"
#include "persister/holes/page.hpp"
#include "persister/holes/room_watches.hpp"

namespace chat::persister {

/// What became of a page; nothing was done when there is a failure.
struct PageOutcome {
  std::optional<postgres::Failure> failure;
  std::size_t inserted = 0;  // rows made from the stream's entries
  std::size_t lost = 0;      // numbers noted as void for the first time, whose messages nobody has
  Cursor first_hole;         // of both, where there are any
  std::vector<Cursor> stored;
  std::vector<Cursor> voids;
};

/// One thread; blocks as the database does.
class HoleStore {
 public:
  /// The database must be migrated. `topic`: of the positions.
  HoleStore(postgres::DatabaseSettings settings, std::string topic);

  /// Of each partition; none when PostgreSQL is away.
  std::optional<std::map<std::int32_t, StoredPosition>> positions();

  /// Notes that the rooms of this partition were rechecked. Does nothing where rows were lost again
  /// meanwhile.
  std::optional<postgres::Failure> note_rooms_checked(std::int32_t partition, const StoredPosition& position);

  /// Runs in one transaction. It fails where the position is below the one that proved the page, since
  /// PostgreSQL then lost rows that Kafka still has. It is harmless when another persister does the same, or
  /// when the record still comes through Kafka: the second writer finds the row.
  PageOutcome resolve(const ProvenRoom& room, const Page& page);

 private:
  using Records = std::vector<std::optional<MessageRecord>>;

  PageOutcome try_to_resolve(const ProvenRoom& room, const Page& page, const Records& records,
                             Verdict& verdict);
  std::optional<postgres::Failure> set_refused_aside(const std::string& room, std::int32_t partition,
                                                     const std::vector<MessageRecord>& records,
                                                     PageOutcome& done);

  postgres::Database database_;
  const std::string topic_;
};

}  // namespace chat::persister
