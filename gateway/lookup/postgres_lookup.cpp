#include "gateway/lookup/postgres_lookup.hpp"

#include <utility>
#include <vector>

#include "common/postgres/positions.hpp"

namespace chat::gateway::lookup {
namespace {

using postgres::Transaction;
using AnswerRow = std::vector<std::optional<std::string>>;

const std::string row_columns =
    "SELECT epoch, seq, id, (extract(epoch FROM sent_at) * 1000)::bigint, "
    "(extract(epoch FROM created_at) * 1000)::bigint, kafka_partition, kafka_offset FROM messages "
    "WHERE room = $1 AND ";
const std::string row_of_number = row_columns + "epoch = $2::bigint AND seq = $3::bigint LIMIT 1";
const std::string row_of_id = row_columns + "id = $2::uuid";

const std::string void_statement =
    "SELECT reason, (extract(epoch FROM noted_at) * 1000)::bigint FROM void_numbers "
    "WHERE room = $1 AND epoch = $2::bigint AND seq = $3::bigint";

// Made by a later migration than the other tables.
const std::string has_floors_statement = "SELECT to_regclass('room_floors') IS NOT NULL";
const std::string floor_statement =
    "SELECT (extract(epoch FROM pruned_at) * 1000)::bigint FROM room_floors "
    "WHERE room = $1 AND (epoch, seq) >= ($2::bigint, $3::bigint)";

const std::string newest_statement =
    "(SELECT epoch, seq FROM messages WHERE room = $1 ORDER BY epoch DESC, seq DESC LIMIT 1) UNION ALL "
    "(SELECT epoch, seq FROM void_numbers WHERE room = $1 ORDER BY epoch DESC, seq DESC LIMIT 1) "
    "ORDER BY epoch DESC, seq DESC LIMIT 1";

std::int64_t integer(const AnswerRow& row, std::size_t column) {
  return std::stoll(row.at(column).value());
}

std::optional<Row> to_row(const postgres::Answer& answer) {
  if (answer.rows.empty()) return std::nullopt;
  const AnswerRow& found = answer.rows.front();
  Row row;
  row.cursor = {integer(found, 0), integer(found, 1)};
  row.id = parse_uuid(found.at(2).value()).value_or(Uuid{});
  row.sent_at = integer(found, 3);
  row.created_at = integer(found, 4);
  row.partition = static_cast<std::int32_t>(integer(found, 5));
  row.offset = integer(found, 6);
  return row;
}

}  // namespace

PostgresLookup::PostgresLookup(const postgres::DatabaseSettings& settings, std::string topic)
    : topic_(std::move(topic)), has_database_(!settings.url.empty()), database_(settings) {}

void PostgresLookup::ask(PostgresFacts& facts, const postgres::Database::Work& work) {
  if (!facts.problem.empty()) return;
  if (!has_database_) {
    facts.problem = "DATABASE_URL is not set";
    return;
  }
  const auto failure = database_.read(work);
  facts.answered = !failure;
  if (!failure) return;
  facts = {};
  facts.problem = postgres::trouble_of(*failure).sentence();
}

void PostgresLookup::look_at_room(const std::string& room, PostgresFacts& facts) {
  ask(facts, [&](Transaction& transaction) {
    const auto newest = transaction.execute(newest_statement, {room});
    if (!newest.rows.empty()) facts.newest = {integer(newest.rows[0], 0), integer(newest.rows[0], 1)};
    positions_ = postgres::read_positions(transaction, topic_);
  });
}

void PostgresLookup::find(const std::string& room, Cursor cursor, PostgresFacts& facts) {
  const std::vector<std::string> number{room, std::to_string(cursor.epoch), std::to_string(cursor.seq)};
  ask(facts, [&](Transaction& transaction) {
    facts.row = to_row(transaction.execute(row_of_number, number));
    const auto found = transaction.execute(void_statement, number);
    if (!found.rows.empty())
      facts.void_number = NotedVoid{found.rows[0].at(0).value(), integer(found.rows[0], 1)};
    if (transaction.execute(has_floors_statement).rows.at(0).at(0) != "t") return;
    const auto floor = transaction.execute(floor_statement, number);
    if (!floor.rows.empty()) facts.void_number = NotedVoid{std::string(pruned), integer(floor.rows[0], 0)};
  });
}

void PostgresLookup::find(const std::string& room, const Uuid& id, PostgresFacts& facts) {
  ask(facts, [&](Transaction& transaction) {
    facts.row = to_row(transaction.execute(row_of_id, {room, to_string(id)}));
  });
}

std::optional<StoredPosition> PostgresLookup::position(std::int32_t partition) const {
  const auto found = positions_.find(partition);
  return found == positions_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace chat::gateway::lookup
