// Asks PostgreSQL about a room and one of its messages.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>

#include "common/postgres/database.hpp"
#include "common/wire/stored_position.hpp"
#include "gateway/lookup/facts.hpp"

namespace chat::gateway::lookup {

/// Only reads. One thread; each call blocks for at most the settings' limits. After the first failure
/// nothing more is asked, and the facts say why.
class PostgresLookup {
 public:
  /// An empty URL is a failure of its own.
  PostgresLookup(const postgres::DatabaseSettings& settings, std::string topic);

  /// The room's newest number, and the positions of the topic.
  void look_at_room(const std::string& room, PostgresFacts& facts);

  /// The row of the number, or the void number.
  void find(const std::string& room, Cursor cursor, PostgresFacts& facts);

  /// The row of the id.
  void find(const std::string& room, const Uuid& id, PostgresFacts& facts);

  /// None where PostgreSQL has no position of the partition.
  std::optional<StoredPosition> position(std::int32_t partition) const;

 private:
  void ask(PostgresFacts& facts, const postgres::Database::Work& work);

  const std::string topic_;
  const bool has_database_;
  postgres::Database database_;
  std::map<std::int32_t, StoredPosition> positions_;
};

}  // namespace chat::gateway::lookup
