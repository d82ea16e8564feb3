#include "persister/store/postgres_store.hpp"

#include <algorithm>
#include <cstdint>
#include <exception>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/postgres/columns.hpp"
#include "common/postgres/positions.hpp"
#include "common/wire/uuid.hpp"

namespace chat::persister {
namespace {

using postgres::ArrayLiteral;
using postgres::column;
using postgres::Transaction;

// Sorted by key, so that a persister that lost the partition and its new owner lock rows in the same order.
// `ordinal` keeps the first of an id that comes twice in a batch.
std::string insert_statement(const std::string& floors, const std::string& condition) {
  return floors +
         "INSERT INTO messages (id, room, epoch, seq, sender, sender_name, text, sent_at, kafka_partition, "
         "kafka_offset, id_as_sent) "
         "SELECT id, room, epoch, seq, sender, sender_name, text, "
         "timestamptz 'epoch' + sent_at * interval '1 millisecond', kafka_partition, kafka_offset, "
         "NULLIF(id_as_sent, '') "
         "FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], "
         "$7::text[], $8::bigint[], $9::int[], $10::bigint[], $11::text[]) WITH ORDINALITY AS incoming "
         "(id, room, epoch, seq, sender, sender_name, text, sent_at, kafka_partition, kafka_offset, "
         "id_as_sent, ordinal) " +
         condition + "ORDER BY room, id, ordinal ON CONFLICT DO NOTHING";
}
const std::string plain_insert = insert_statement("", "");
// What a prune deleted does not come back when Kafka is read again.
const std::string insert_above_floors = insert_statement(
    "WITH floors AS MATERIALIZED (SELECT room, epoch, seq FROM room_floors WHERE room = ANY ($2::text[])) ",
    "WHERE NOT EXISTS (SELECT FROM floors WHERE floors.room = incoming.room "
    "AND (incoming.epoch, incoming.seq) <= (floors.epoch, floors.seq)) ");

const std::string pruned_statement = "SELECT partition, last_offset FROM pruned_offsets";

// Runs only where rows were there already, so that new rows cost nothing more. A row that is not there even
// now and is above its room's floor was kept out by a rule of the table's owner. A prune may delete it
// between the two statements; the floor is of the same commit.
const std::string conflict_statement =
    "SELECT ordinal - 1, messages.text IS DISTINCT FROM incoming.text, messages.id IS NULL, "
    "coalesce((incoming.epoch, incoming.seq) <= (room_floors.epoch, room_floors.seq), false) "
    "FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[], $5::text[]) WITH ORDINALITY AS incoming "
    "(id, room, epoch, seq, text, ordinal) LEFT JOIN messages USING (room, id) "
    "LEFT JOIN room_floors USING (room) WHERE messages.id IS NULL OR messages.text IS DISTINCT FROM "
    "incoming.text "
    "OR (messages.epoch, messages.seq) <> (incoming.epoch, incoming.seq) ORDER BY ordinal";

// A number may have come twice; a number that a row has is not void. Sorted as the rows are.
const std::string void_statement =
    "INSERT INTO void_numbers (room, epoch, seq, reason) "
    "SELECT room, epoch, seq, reason FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[]) "
    "AS incoming (room, epoch, seq, reason) WHERE NOT EXISTS (SELECT FROM messages "
    "WHERE messages.room = incoming.room AND messages.epoch = incoming.epoch AND messages.seq = "
    "incoming.seq) AND NOT EXISTS (SELECT FROM room_floors WHERE room_floors.room = incoming.room "
    "AND (incoming.epoch, incoming.seq) <= (room_floors.epoch, room_floors.seq)) "
    "ORDER BY room, epoch, seq ON CONFLICT DO NOTHING";

// Only upwards, since a persister that lost the partition must not set its position back; and only from where
// the transaction believes it to be, so that the transaction itself notices a database that lost its last
// commits or a pooler that reached another server. All transactions lock in one order.
const std::string advance_statement =
    "WITH incoming AS (SELECT * FROM unnest($2::int[], $3::bigint[], $4::bigint[], $5::bigint[], "
    "$6::bigint[], $7::bigint[], $8::bigint[]) "
    "AS incoming (partition, generation, from_offset, next_offset, record_hash, proven_offset, "
    "proven_hash)), "
    "locked AS (SELECT positions.* FROM positions JOIN incoming USING (partition, generation) "
    "WHERE topic = $1 AND positions.next_offset >= from_offset ORDER BY partition FOR UPDATE OF positions) "
    "UPDATE positions SET next_offset = greatest(locked.next_offset, incoming.next_offset), "
    "record_hash = CASE WHEN incoming.next_offset > locked.next_offset THEN incoming.record_hash "
    "ELSE locked.record_hash END, proven_offset = incoming.proven_offset, "
    "proven_hash = incoming.proven_hash "
    "FROM locked JOIN incoming USING (partition) "
    "WHERE positions.topic = $1 AND positions.partition = locked.partition RETURNING positions.partition";

// A position lies where it was before a split batch, also on a server that lost the commits of the batch's
// first parts.
const std::string gone_statement =
    "SELECT DISTINCT partition FROM unnest($1::uuid[], $2::text[], $3::int[], $4::bigint[], $5::bigint[]) "
    "AS told (id, room, partition, epoch, seq) "
    "WHERE NOT EXISTS (SELECT FROM messages WHERE messages.room = told.room AND messages.id = told.id) "
    "AND NOT EXISTS (SELECT FROM room_floors WHERE room_floors.room = told.room "
    "AND (told.epoch, told.seq) <= (room_floors.epoch, room_floors.seq))";

// The new generation is above all that a clock gave before, so that no persister still holds it.
const std::string reset_statement =
    "UPDATE positions SET topic = $1, next_offset = $3::bigint, record_hash = $4::bigint, "
    "rooms_unchecked = rooms_unchecked OR $5::boolean, proven_offset = $6::bigint, proven_hash = $7::bigint, "
    "generation = greatest(generation + 1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint) "
    "WHERE topic IN ('', $1) AND partition = $2::int AND generation = $8::bigint AND next_offset = "
    "$9::bigint "
    "AND NOT EXISTS (SELECT FROM positions AS own WHERE own.topic = $1 AND own.partition = $2::int "
    "AND positions.topic = '')";

const std::string first_statement =
    "INSERT INTO positions (topic, partition, next_offset, record_hash, rooms_unchecked, proven_offset, "
    "proven_hash, generation) VALUES ($1, $2::int, $3::bigint, $4::bigint, $5::boolean, $6::bigint, "
    "$7::bigint, "
    "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint) ON CONFLICT DO NOTHING";

// Not every user may ask which server it is; a standby does not know the timeline.
const std::string server_statement =
    "SELECT CASE WHEN pg_is_in_recovery() THEN '' ELSE left(pg_walfile_name(pg_current_wal_lsn()), 8) END, "
    "has_function_privilege('pg_control_system()', 'execute')";
const std::string system_statement = "SELECT system_identifier FROM pg_control_system()";

/// The column of that name. Hardly any client spells its ids in another form than the canonical one. Where
/// none does, the array is empty, and unnest() makes every element NULL.
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

void insert_rows(Transaction& transaction, std::span<const Row> rows, bool may_be_pruned,
                 StoreOutcome& outcome, VoidNumbers& voids) {
  const auto ids = column(rows, [](const Row& row) { return to_string(row.message.id); });
  const auto rooms = column(rows, [](const Row& row) -> const std::string& { return row.message.room; });
  const auto epochs = column(rows, [](const Row& row) { return row.message.cursor.epoch; });
  const auto seqs = column(rows, [](const Row& row) { return row.message.cursor.seq; });
  const auto texts = column(rows, [](const Row& row) -> const std::string& { return row.message.text; });
  const auto answer = transaction.execute(
      may_be_pruned ? insert_above_floors : plain_insert,
      {ids, rooms, epochs, seqs,
       column(rows, [](const Row& row) -> const std::string& { return row.message.sender; }),
       column(rows, [](const Row& row) -> const std::string& { return row.message.sender_name; }), texts,
       column(rows, [](const Row& row) { return row.message.sent_at; }),
       column(rows, [](const Row& row) { return row.record.partition; }),
       column(rows, [](const Row& row) { return row.record.offset; }), ids_as_sent(rows)});
  outcome.inserted = answer.affected;
  if (answer.affected == rows.size()) return;
  for (const auto& found : transaction.execute(conflict_statement, {ids, rooms, epochs, seqs, texts}).rows) {
    if (found.at(3) == "t") {
      ++outcome.pruned;
      continue;
    }
    if (found.at(2) == "t") throw postgres::Refusal(postgres::kept_out);
    const std::size_t index = std::stoul(found.at(0).value());
    const bool is_reused = found.at(1).value() == "t";
    (is_reused ? outcome.reused : outcome.elsewhere).push_back(index);
    const MessageRecord& message = rows[index].message;
    voids.add(message.room, message.cursor, is_reused ? dead_letter : stored_elsewhere);
  }
  outcome.duplicates = rows.size() - outcome.inserted - outcome.reused.size() - outcome.pruned;
}

/// Gives the partitions whose positions could not be raised.
std::vector<std::int32_t> raise_positions(Transaction& transaction, const std::string& topic,
                                          std::span<const Advance> advances) {
  const auto numbers = [&](auto projection) { return column(advances, projection); };
  const auto answer = transaction.execute(advance_statement,
                                          {topic, numbers([](const Advance& a) { return a.partition; }),
                                           numbers([](const Advance& a) { return a.from.generation; }),
                                           numbers([](const Advance& a) { return a.from.next_offset; }),
                                           numbers([](const Advance& a) { return a.next_offset; }),
                                           numbers([](const Advance& a) { return a.record_hash; }),
                                           numbers([](const Advance& a) { return a.proven.next_offset; }),
                                           numbers([](const Advance& a) { return a.proven.record_hash; })});
  std::vector<std::int32_t> behind;
  if (answer.rows.size() == advances.size()) return behind;
  std::set<std::string> raised;
  for (const auto& row : answer.rows) raised.insert(row.at(0).value());
  for (const Advance& advance : advances)
    if (!raised.contains(std::to_string(advance.partition))) behind.push_back(advance.partition);
  return behind;
}

/// Gives the partitions of which a row is not there.
std::vector<std::int32_t> find_gone(Transaction& transaction, std::span<const RowKey> rows) {
  std::vector<std::int32_t> gone;
  if (rows.empty()) return gone;
  const auto answer = transaction.execute(
      gone_statement, {column(rows, [](const RowKey& row) { return to_string(row.id); }),
                       column(rows, [](const RowKey& row) -> const std::string& { return row.room; }),
                       column(rows, [](const RowKey& row) { return row.partition; }),
                       column(rows, [](const RowKey& row) { return row.cursor.epoch; }),
                       column(rows, [](const RowKey& row) { return row.cursor.seq; })});
  for (const auto& row : answer.rows) gone.push_back(std::stoi(row.at(0).value()));
  return gone;
}

/// A room and a partition that never exist, and an id of its own: two rehearsals do not meet.
Row make_rehearsed_row() {
  const Uuid id = random_uuid();
  Row row;
  row.message = {id,         "rehearsal/" + to_string(id), {1, 1}, "rehearsal", "rehearsal", "rehearsal", 0,
                 "rehearsal"};
  row.record.partition =
      std::numeric_limits<std::int32_t>::min() + id.bytes[0] * 0x10000 + id.bytes[1] * 0x100 + id.bytes[2];
  return row;
}

void store_all(Transaction& transaction, std::span<const Row> rows, bool may_be_pruned,
               std::span<const DeadNumber> dead, StoreOutcome& outcome) {
  VoidNumbers voids;
  for (const DeadNumber& number : dead) voids.add(number.room, number.cursor, dead_letter);
  if (!rows.empty()) insert_rows(transaction, rows, may_be_pruned, outcome, voids);
  voids.insert(transaction);
}

void set_position(Transaction& transaction, const std::string& topic, const Reset& reset) {
  std::vector<std::string> values{topic,
                                  std::to_string(reset.partition),
                                  std::to_string(reset.to.next_offset),
                                  std::to_string(reset.to.record_hash),
                                  reset.to.rooms_unchecked ? "true" : "false",
                                  std::to_string(reset.to.proven.next_offset),
                                  std::to_string(reset.to.proven.record_hash)};
  if (reset.from) {
    values.push_back(std::to_string(reset.from->generation));
    values.push_back(std::to_string(reset.from->next_offset));
  }
  transaction.execute(reset.from ? reset_statement : first_statement, values);
}

/// Ends a transaction that must not be committed.
struct IsBehind : std::exception {};

}  // namespace

StoreOutcome PostgresStore::store(std::span<const Row> rows, std::span<const Advance> advances,
                                  std::span<const DeadNumber> dead, std::span<const RowKey> earlier) {
  StoreOutcome outcome;
  std::vector<std::int32_t> behind;
  bool has_lost_rows = false;
  auto failure = database_.transact([&](Transaction& transaction) {
    store_all(transaction, rows, may_be_pruned(rows), dead, outcome);
    if (advances.empty()) return;
    behind = raise_positions(transaction, topic_, advances);
    has_lost_rows = behind.empty();
    if (has_lost_rows) behind = find_gone(transaction, earlier);
    if (!behind.empty()) throw IsBehind();
  });
  if (failure) {
    outcome = {};
    if (behind.empty())
      outcome.failure = std::move(failure);
    else
      outcome.behind = std::move(behind);
    outcome.has_lost_rows = has_lost_rows && !outcome.behind.empty();
  }
  return outcome;
}

/// Whether a row of these may have been stored and deleted before. New records lie behind all deleted ones.
bool PostgresStore::may_be_pruned(std::span<const Row> rows) const {
  if (!pruned_offsets_) return true;
  return std::ranges::any_of(rows, [&](const Row& row) {
    const auto found = pruned_offsets_->find(row.record.partition);
    return found != pruned_offsets_->end() && row.record.offset <= found->second;
  });
}

std::optional<postgres::Failure> PostgresStore::rehearse() {
  const Row row = make_rehearsed_row();
  const std::int32_t partition = row.record.partition;
  const Advance advance{partition, {}, 1, unknown_record};
  const DeadNumber dead{partition, row.message.room, {1, 2}};
  auto failure = database_.rehearse([&](Transaction& transaction) {
    StoreOutcome outcome;
    store_all(transaction, {&row, 1}, true, {&dead, 1}, outcome);
    transaction.execute(pruned_statement);
    set_position(transaction, topic_, {partition, std::nullopt, {}});
    set_position(transaction, topic_, {partition, StoredPosition{}, {}});
    raise_positions(transaction, topic_, {&advance, 1});
  });
  // A rule of the table's owner may refuse the tried row alone.
  if (failure && failure->response == postgres::Response::poison) return std::nullopt;
  return failure;
}

PositionsAnswer PostgresStore::positions() {
  PositionsAnswer answer;
  std::map<std::int32_t, std::int64_t> pruned;
  answer.failure = database_.read([&](Transaction& transaction) {
    answer.positions = postgres::read_positions(transaction, topic_);
    pruned = {};
    for (const auto& row : transaction.execute(pruned_statement).rows)
      pruned[std::stoi(row.at(0).value())] = std::stoll(row.at(1).value());
    const auto server = transaction.execute(server_statement).rows.at(0);
    answer.server = "timeline " + server.at(0).value_or("");
    if (server.at(1) == "t")
      answer.server += " of system " + transaction.execute(system_statement).rows.at(0).at(0).value_or("");
  });
  if (answer.failure)
    answer.positions.clear();
  else
    pruned_offsets_ = std::move(pruned);
  return answer;
}

std::optional<postgres::Failure> PostgresStore::reset(std::span<const Reset> resets) {
  return database_.transact([&](Transaction& transaction) {
    for (const Reset& reset : resets) set_position(transaction, topic_, reset);
  });
}

}  // namespace chat::persister
