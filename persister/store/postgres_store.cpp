#include "persister/store/postgres_store.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "common/wire/uuid.hpp"

namespace chat::persister {
namespace {

using postgres::ArrayLiteral;
using postgres::Transaction;

// Sorted by key, so that a zombie and the partition's new owner lock the same rows in the same order; `place`
// keeps the first of an id that comes twice in a batch.
const std::string insert_statement =
    "INSERT INTO messages (id, room, epoch, seq, sender, sender_name, text, sent_at, kafka_partition, "
    "kafka_offset, id_as_sent) "
    "SELECT id, room, epoch, seq, sender, sender_name, text, "
    "timestamptz 'epoch' + sent_at * interval '1 millisecond', kafka_partition, kafka_offset, "
    "NULLIF(id_as_sent, '') "
    "FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[], "
    "$8::bigint[], $9::int[], $10::bigint[], $11::text[]) WITH ORDINALITY AS incoming "
    "(id, room, epoch, seq, sender, sender_name, text, sent_at, kafka_partition, kafka_offset, id_as_sent, "
    "place) "
    "ORDER BY room, id, place ON CONFLICT DO NOTHING";

// Only where something was there already, so that new rows cost nothing more. What is not even there now was
// kept out by something of the owner's.
const std::string conflict_statement =
    "SELECT place - 1, messages.text IS DISTINCT FROM incoming.text, messages.id IS NULL "
    "FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[], $5::text[]) WITH ORDINALITY AS incoming "
    "(id, room, epoch, seq, text, place) LEFT JOIN messages USING (room, id) "
    "WHERE messages.id IS NULL OR messages.text IS DISTINCT FROM incoming.text "
    "OR (messages.epoch, messages.seq) <> (incoming.epoch, incoming.seq) ORDER BY place";

// A number may have come twice; where a row has it, it is not void. Sorted as the rows are.
const std::string void_statement =
    "INSERT INTO void_numbers (room, epoch, seq, reason) "
    "SELECT room, epoch, seq, reason FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[]) "
    "AS incoming (room, epoch, seq, reason) WHERE NOT EXISTS (SELECT FROM messages "
    "WHERE messages.room = incoming.room AND messages.epoch = incoming.epoch AND messages.seq = "
    "incoming.seq) "
    "ORDER BY room, epoch, seq ON CONFLICT DO NOTHING";

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

/// The column of that name. Hardly any client spells its ids in another than the canonical form: without one
/// the array is empty, and unnest() makes every element NULL.
std::string ids_as_sent(std::span<const Row> rows) {
  const auto is_canonical = [](const Row& row) { return row.message.id_spelling.is_canonical(); };
  if (std::ranges::all_of(rows, is_canonical)) return "{}";
  return column(rows, [&](const Row& row) {
    return is_canonical(row) ? std::string{} : to_string(row.message.id, row.message.id_spelling);
  });
}

/// The numbers that a transaction notes as void.
class VoidNumbers {
 public:
  void add(std::string_view room, Cursor cursor, std::string_view reason) {
    is_empty_ = false;
    rooms_.add(room);
    epochs_.add(std::to_string(cursor.epoch));
    seqs_.add(std::to_string(cursor.seq));
    reasons_.add(reason);
  }

  void insert(Transaction& transaction) {
    if (is_empty_) return;
    transaction.execute(void_statement, {rooms_.take(), epochs_.take(), seqs_.take(), reasons_.take()});
  }

 private:
  bool is_empty_ = true;
  ArrayLiteral rooms_;
  ArrayLiteral epochs_;
  ArrayLiteral seqs_;
  ArrayLiteral reasons_;
};

constexpr std::string_view dead_letter = "dead letter";
constexpr std::string_view stored_elsewhere = "stored under another number";

void insert_rows(Transaction& transaction, std::span<const Row> rows, StoreOutcome& outcome,
                 VoidNumbers& voids) {
  const auto ids = column(rows, [](const Row& row) { return to_string(row.message.id); });
  const auto rooms = column(rows, [](const Row& row) -> const std::string& { return row.message.room; });
  const auto epochs = column(rows, [](const Row& row) { return std::to_string(row.message.cursor.epoch); });
  const auto seqs = column(rows, [](const Row& row) { return std::to_string(row.message.cursor.seq); });
  const auto texts = column(rows, [](const Row& row) -> const std::string& { return row.message.text; });
  const auto answer = transaction.execute(
      insert_statement,
      {ids, rooms, epochs, seqs,
       column(rows, [](const Row& row) -> const std::string& { return row.message.sender; }),
       column(rows, [](const Row& row) -> const std::string& { return row.message.sender_name; }), texts,
       column(rows, [](const Row& row) { return std::to_string(row.message.sent_at); }),
       column(rows, [](const Row& row) { return std::to_string(row.record.partition); }),
       column(rows, [](const Row& row) { return std::to_string(row.record.offset); }), ids_as_sent(rows)});
  outcome.inserted = answer.affected;
  if (answer.affected == rows.size()) return;
  for (const auto& found : transaction.execute(conflict_statement, {ids, rooms, epochs, seqs, texts}).rows) {
    if (found.at(2) == "t") throw postgres::Refusal(postgres::kept_out);
    const std::size_t place = std::stoul(found.at(0).value());
    const bool is_reused = found.at(1).value() == "t";
    (is_reused ? outcome.reused : outcome.elsewhere).push_back(place);
    const MessageRecord& message = rows[place].message;
    voids.add(message.room, message.cursor, is_reused ? dead_letter : stored_elsewhere);
  }
  outcome.duplicates = rows.size() - outcome.inserted - outcome.reused.size();
}

void raise_positions(Transaction& transaction, std::span<const Position> positions) {
  transaction.execute(position_statement,
                      {column(positions, [](const Position& p) { return std::to_string(p.partition); }),
                       column(positions, [](const Position& p) { return std::to_string(p.next_offset); })});
}

/// No room and no partition that there ever is, and an id of its own: two that rehearse do not meet.
Row make_rehearsed_row() {
  const Uuid id = random_uuid();
  Row row;
  row.message = {id,         "rehearsal/" + to_string(id), {1, 1}, "rehearsal", "rehearsal", "rehearsal", 0,
                 "rehearsal"};
  row.record.partition =
      std::numeric_limits<std::int32_t>::min() + id.bytes[0] * 0x10000 + id.bytes[1] * 0x100 + id.bytes[2];
  return row;
}

void store_all(Transaction& transaction, std::span<const Row> rows, std::span<const Position> positions,
               std::span<const DeadNumber> dead, StoreOutcome& outcome) {
  VoidNumbers voids;
  for (const DeadNumber& number : dead) voids.add(number.room, number.cursor, dead_letter);
  if (!rows.empty()) insert_rows(transaction, rows, outcome, voids);
  voids.insert(transaction);
  if (!positions.empty()) raise_positions(transaction, positions);
}

}  // namespace

StoreOutcome PostgresStore::store(std::span<const Row> rows, std::span<const Position> positions,
                                  std::span<const DeadNumber> dead) {
  StoreOutcome outcome;
  auto failure = database_.transact(
      [&](Transaction& transaction) { store_all(transaction, rows, positions, dead, outcome); });
  if (failure) {
    outcome = {};
    outcome.failure = std::move(failure);
  }
  return outcome;
}

std::optional<postgres::Failure> PostgresStore::rehearse() {
  const Row row = make_rehearsed_row();
  const Position position{row.record.partition, 0};
  const DeadNumber dead{row.record.partition, row.message.room, {1, 2}};
  auto failure = database_.rehearse([&](Transaction& transaction) {
    StoreOutcome outcome;
    store_all(transaction, {&row, 1}, {&position, 1}, {&dead, 1}, outcome);
  });
  // A rule of the table's owner may fit real rows only.
  if (failure && failure->response == postgres::Response::poison) return std::nullopt;
  return failure;
}

}  // namespace chat::persister
