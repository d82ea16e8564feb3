// The table `positions`, read as both services do.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "common/postgres/database.hpp"
#include "common/postgres/transaction.hpp"
#include "common/wire/stored_position.hpp"

namespace chat::postgres {

/// Partition to position, of this topic and of rows that were written before positions had a topic. Works on
/// a table that has not been migrated yet, as a gateway may find it. Throws as Transaction::execute does.
std::map<std::int32_t, StoredPosition> read_positions(Transaction& transaction, const std::string& topic);

/// The same in a transaction of its own; none where that fails.
std::optional<std::map<std::int32_t, StoredPosition>> read_positions(Database& database,
                                                                     const std::string& topic);

}  // namespace chat::postgres
