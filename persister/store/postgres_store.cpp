#include "persister/store/postgres_store.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace chat::persister {
namespace {

using postgres::ArrayLiteral;
using postgres::Transaction;

// Sorted by key, so that a zombie and the partition's new owner lock the same rows in the same order; `place`
// keeps the first of an id that comes twice in a batch.
const std::string insert_statement =
    "INSERT INTO messages (id, room, epoch, seq, sender, sender_name, text, sent_at, kafka_partition, "
    "kafka_offset) "
    "SELECT id, room, epoch, seq, sender, sender_name, text, "
    "timestamptz 'epoch' + sent_at * interval '1 millisecond', kafka_partition, kafka_offset "
    "FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[], "
    "$8::bigint[], $9::int[], $10::bigint[]) WITH ORDINALITY AS incoming "
    "(id, room, epoch, seq, sender, sender_name, text, sent_at, kafka_partition, kafka_offset, place) "
    "ORDER BY room, id, place ON CONFLICT DO NOTHING";

const std::string reused_statement =
    "SELECT place - 1 FROM unnest($1::uuid[], $2::text[], $3::text[]) WITH ORDINALITY AS incoming "
    "(id, room, text, place) JOIN messages USING (room, id) "
    "WHERE messages.text IS DISTINCT FROM incoming.text ORDER BY place";

const std::string position_statement =
    "INSERT INTO positions AS stored (partition, next_offset) "
    "SELECT * FROM unnest($1::int[], $2::bigint[]) AS incoming (partition, next_offset) ORDER BY partition "
    "ON CONFLICT (partition) DO UPDATE SET next_offset = EXCLUDED.next_offset "
    "WHERE stored.next_offset < EXCLUDED.next_offset";

template <class Range, class Projection>
std::string column(const Range& range, Projection projection) {
  ArrayLiteral literal;
  for (const auto& element : range) literal.add(projection(element));
  return literal.take();
}

void insert_rows(Transaction& transaction, std::span<const Row> rows, StoreOutcome& outcome) {
  const auto ids = column(rows, [](const Row& row) { return to_string(row.message.id); });
  const auto rooms = column(rows, [](const Row& row) -> const std::string& { return row.message.room; });
  const auto texts = column(rows, [](const Row& row) -> const std::string& { return row.message.text; });
  const auto answer = transaction.execute(
      insert_statement,
      {ids, rooms, column(rows, [](const Row& row) { return std::to_string(row.message.cursor.epoch); }),
       column(rows, [](const Row& row) { return std::to_string(row.message.cursor.seq); }),
       column(rows, [](const Row& row) -> const std::string& { return row.message.sender; }),
       column(rows, [](const Row& row) -> const std::string& { return row.message.sender_name; }), texts,
       column(rows, [](const Row& row) { return std::to_string(row.message.sent_at); }),
       column(rows, [](const Row& row) { return std::to_string(row.record.partition); }),
       column(rows, [](const Row& row) { return std::to_string(row.record.offset); })});
  outcome.inserted = answer.affected;
  if (answer.affected == rows.size()) return;
  for (const auto& row : transaction.execute(reused_statement, {ids, rooms, texts}).rows) {
    outcome.reused.push_back(std::stoul(row.at(0).value()));
  }
  outcome.duplicates = rows.size() - outcome.inserted - outcome.reused.size();
}

void raise_positions(Transaction& transaction, std::span<const Position> positions) {
  transaction.execute(position_statement,
                      {column(positions, [](const Position& p) { return std::to_string(p.partition); }),
                       column(positions, [](const Position& p) { return std::to_string(p.next_offset); })});
}

}  // namespace

StoreOutcome PostgresStore::store(std::span<const Row> rows, std::span<const Position> positions) {
  StoreOutcome outcome;
  auto failure = database_.transact([&](Transaction& transaction) {
    if (!rows.empty()) insert_rows(transaction, rows, outcome);
    if (!positions.empty()) raise_positions(transaction, positions);
  });
  if (failure) {
    outcome = {};
    outcome.failure = std::move(failure);
  }
  return outcome;
}

}  // namespace chat::persister
