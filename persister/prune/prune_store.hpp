// The statements of a prune.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.hpp"
#include "common/postgres/database.hpp"
#include "common/wire/cursor.hpp"
#include "persister/prune/prefix.hpp"

namespace chat::persister {

/// One thread; blocks as the database does. The error is a sentence. Every transaction is short: it looks at
/// or deletes `limit` rows at most.
class PruneStore {
 public:
  explicit PruneStore(postgres::DatabaseSettings settings);

  /// Before all else: messages that were stored before now − `age` are old. PostgreSQL's clock decides, as it
  /// wrote the times; `max_difference` is how far the clock of this machine may be from it.
  Result<void> begin(std::chrono::hours age, std::chrono::seconds max_difference);

  /// Rooms behind `room` whose oldest message is old, or that have rows at or below their floor; in the order
  /// of their names. None at the end. `last`: how far was looked.
  struct Rooms {
    std::vector<std::string> rooms;
    std::optional<std::string> last;
  };
  Result<Rooms> rooms_after(const std::string& room);

  /// {-1, 0} where nothing was deleted.
  Result<Cursor> floor(const std::string& room);

  /// The rows behind `floor` up to and with `cap`, in their order.
  Result<std::vector<AgedRow>> oldest(const std::string& room, Cursor floor, Cursor cap, std::size_t limit);

  /// Raises the floor from `from` to `to` and deletes the rows between, in one transaction. Gives how many.
  /// Another prune that runs is an error.
  Result<std::size_t> raise(const std::string& room, Cursor from, Cursor to);

  /// Deletes rows and void numbers at or below the floor: rows that came late, and void numbers, which
  /// nobody needs there. Gives how many rows.
  Result<std::size_t> clear(const std::string& room, Cursor floor, std::size_t limit);

 private:
  std::optional<Error> transact(const postgres::Database::Work& work);

  postgres::Database database_;
  std::string cutoff_;  // as PostgreSQL writes it
};

}  // namespace chat::persister
