#include "common/postgres/positions.hpp"

#include <utility>

namespace chat::postgres {
namespace {

// Through JSON, since a column that is not there yet would be an error. Our own rows come last and win.
const std::string statement =
    "SELECT partition, next_offset, coalesce(row ->> 'record_hash', '0'), coalesce(row ->> 'generation', "
    "'0'), "
    "coalesce(row ->> 'rooms_unchecked', 'false'), "
    "coalesce(row ->> 'proven_offset', '0'), coalesce(row ->> 'proven_hash', '0') "
    "FROM positions CROSS JOIN LATERAL to_jsonb(positions) AS row "
    "WHERE coalesce(row ->> 'topic', '') IN ('', $1) ORDER BY coalesce(row ->> 'topic', '') <> ''";

}  // namespace

std::map<std::int32_t, StoredPosition> read_positions(Transaction& transaction, const std::string& topic) {
  std::map<std::int32_t, StoredPosition> positions;
  for (const auto& row : transaction.execute(statement, {topic}).rows)
    positions[std::stoi(row.at(0).value())] = {
        std::stoll(row.at(1).value()),
        std::stoll(row.at(2).value()),
        std::stoll(row.at(3).value()),
        row.at(4).value() == "true",
        {std::stoll(row.at(5).value()), std::stoll(row.at(6).value())}};
  return positions;
}

std::optional<std::map<std::int32_t, StoredPosition>> read_positions(Database& database,
                                                                     const std::string& topic) {
  std::map<std::int32_t, StoredPosition> positions;
  const auto failure =
      database.read([&](Transaction& transaction) { positions = read_positions(transaction, topic); });
  return failure ? std::nullopt : std::optional(std::move(positions));
}

}  // namespace chat::postgres
