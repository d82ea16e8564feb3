// Reads a room's rows.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "common/postgres/transaction.hpp"
#include "common/wire/cursor.hpp"
#include "gateway/history/history.hpp"

namespace chat::gateway {

/// Called within Database::read, so that a page is of one snapshot. Throws as Transaction::execute.
HistoryRows read_rows_after(postgres::Transaction& transaction, const std::string& room, Cursor after,
                            Cursor until);
HistoryRows read_rows_before(postgres::Transaction& transaction, const std::string& room, Cursor before,
                             std::size_t limit);

/// The indexes in `asked` of the messages that are rows, rising.
std::vector<std::size_t> find_stored_rows(postgres::Transaction& transaction,
                                          const std::vector<MessageKey>& asked);

}  // namespace chat::gateway
