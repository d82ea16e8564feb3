#include "persister/holes/hole_store.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>
#include <utility>

#include "common/log/log.hpp"
#include "common/postgres/columns.hpp"
#include "common/postgres/positions.hpp"
#include "common/postgres/server_check.hpp"

namespace chat::persister {
namespace {

using postgres::Answer;
using postgres::column;
using postgres::Failure;
using postgres::Transaction;

const std::string rows_statement =
    "SELECT epoch, seq, id FROM messages "
    "WHERE room = $1 AND epoch = $2::bigint AND seq BETWEEN $3::bigint AND $4::bigint";

const std::string row_statement = "SELECT 1 FROM messages WHERE room = $1 AND id = $2::uuid";

const std::string ids_statement =
    "SELECT messages.epoch, messages.seq, id, incoming.epoch, incoming.seq, messages.text = incoming.text "
    "FROM unnest($2::uuid[], $3::bigint[], $4::bigint[], $5::text[]) AS incoming (id, epoch, seq, text) "
    "JOIN messages USING (id) WHERE room = $1";

const std::string voids_statement =
    "SELECT epoch, seq FROM void_numbers "
    "WHERE room = $1 AND epoch = $2::bigint AND seq BETWEEN $3::bigint AND $4::bigint";

const std::string floor_statement = "SELECT epoch, seq FROM room_floors WHERE room = $1";

// Sorted by key, as the pipeline sorts, so that two writers of the same rows lock them in the same order. No
// offset: the record was never read from Kafka.
const std::string insert_statement =
    "INSERT INTO messages (id, room, epoch, seq, sender, sender_name, text, sent_at, kafka_partition, "
    "kafka_offset, id_as_sent) "
    "SELECT id, $1::text, epoch, seq, sender, sender_name, text, "
    "timestamptz 'epoch' + sent_at * interval '1 millisecond', $2::int, -1, NULLIF(id_as_sent, '') "
    "FROM unnest($3::uuid[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::bigint[], "
    "$10::text[]) AS incoming (id, epoch, seq, sender, sender_name, text, sent_at, id_as_sent) ORDER BY id "
    "ON CONFLICT DO NOTHING";

const std::string insert_voids_statement =
    "INSERT INTO void_numbers (room, epoch, seq, reason) "
    "SELECT $1::text, epoch, seq, reason FROM unnest($2::bigint[], $3::bigint[], $4::text[]) "
    "AS incoming (epoch, seq, reason) ORDER BY epoch, seq ON CONFLICT DO NOTHING RETURNING reason";

const std::string proof_statement =
    "SELECT count(*) FROM positions WHERE topic = $1 AND partition = $2::int AND generation = $3::bigint "
    "AND next_offset >= $4::bigint";

const std::string checked_statement =
    "UPDATE positions SET rooms_unchecked = false WHERE topic = $1 AND partition = $2::int "
    "AND generation = $3::bigint AND rooms_unchecked";

using AnswerRow = std::vector<std::optional<std::string>>;

/// From two columns, of which the first is given.
Cursor cursor_in(const AnswerRow& row, std::size_t first = 0) {
  return {std::stoll(row.at(first).value()), std::stoll(row.at(first + 1).value())};
}

Uuid id_in(const AnswerRow& row) {
  return parse_uuid(row.at(2).value()).value_or(Uuid{});
}

Answer read_range(Transaction& transaction, const std::string& statement, const std::string& room,
                  const NumberRange& range) {
  return transaction.execute(statement, {room, std::to_string(range.epoch), std::to_string(range.first),
                                         std::to_string(range.last)});
}

/// Rows that have an id of the page but not its number.
void find_elsewhere(Transaction& transaction, const std::string& room,
                    const std::vector<std::optional<MessageRecord>>& records, Found& found) {
  std::set<std::pair<Cursor, Uuid>> under_its_number;
  for (const FoundRow& row : found.rows) under_its_number.emplace(row.cursor, row.id);
  std::vector<const MessageRecord*> others;
  for (const auto& record : records)
    if (record && !under_its_number.contains({record->cursor, record->id})) others.push_back(&*record);
  if (others.empty()) return;
  const auto answer = transaction.execute(
      ids_statement, {room, column(others, [](const auto* record) { return to_string(record->id); }),
                      column(others, [](const auto* record) { return record->cursor.epoch; }),
                      column(others, [](const auto* record) { return record->cursor.seq; }),
                      column(others, [](const auto* record) -> const std::string& { return record->text; })});
  for (const auto& row : answer.rows) {
    found.rows.push_back({cursor_in(row, 0), id_in(row)});
    if (row.at(5).value() != "t") found.other_text.insert(cursor_in(row, 3));
  }
}

Found find(Transaction& transaction, const std::string& room, const Page& page,
           const std::vector<std::optional<MessageRecord>>& records) {
  Found found;
  for (const NumberRange& range : page.numbers) {
    const std::size_t before = found.rows.size();
    for (const auto& row : read_range(transaction, rows_statement, room, range).rows)
      found.rows.push_back({cursor_in(row), id_in(row)});
    if (found.rows.size() - before == static_cast<std::size_t>(range.last - range.first + 1)) continue;
    for (const auto& row : read_range(transaction, voids_statement, room, range).rows)
      found.voids.insert(cursor_in(row));
  }
  find_elsewhere(transaction, room, records, found);
  // Last, since a prune may delete rows between the statements: their floor is then seen.
  for (const auto& row : transaction.execute(floor_statement, {room}).rows) found.floor = cursor_in(row);
  return found;
}

std::size_t insert_rows(Transaction& transaction, const std::string& room, std::int32_t partition,
                        const std::vector<MessageRecord>& records) {
  using Record = MessageRecord;
  return transaction
      .execute(
          insert_statement,
          {room, std::to_string(partition),
           column(records, [](const Record& record) { return to_string(record.id); }),
           column(records, [](const Record& record) { return record.cursor.epoch; }),
           column(records, [](const Record& record) { return record.cursor.seq; }),
           column(records, [](const Record& record) -> const std::string& { return record.sender; }),
           column(records, [](const Record& record) -> const std::string& { return record.sender_name; }),
           column(records, [](const Record& record) -> const std::string& { return record.text; }),
           column(records, [](const Record& record) { return record.sent_at; }),
           column(records,
                  [](const Record& record) {
                    return record.id_spelling.is_canonical() ? std::string{}
                                                             : to_string(record.id, record.id_spelling);
                  })})
      .affected;
}

/// How many lost numbers were not noted before.
std::size_t insert_voids(Transaction& transaction, const std::string& room,
                         const std::vector<VoidNumber>& voids) {
  if (voids.empty()) return 0;
  const auto answer =
      transaction.execute(insert_voids_statement,
                          {room, column(voids, [](const VoidNumber& number) { return number.cursor.epoch; }),
                           column(voids, [](const VoidNumber& number) { return number.cursor.seq; }),
                           column(voids, [](const VoidNumber& number) { return number.reason; })});
  return static_cast<std::size_t>(std::ranges::count_if(
      answer.rows, [](const auto& row) { return row.at(0).value() != void_reason::elsewhere; }));
}

/// A partition in which nothing was ever stored has no proof in PostgreSQL.
void expect_proof(Transaction& transaction, const std::string& topic, const ProvenRoom& room) {
  if (room.proof == StoredPosition{}) return;
  const auto found = transaction.execute(
      proof_statement, {topic, std::to_string(room.partition), std::to_string(room.proof.generation),
                        std::to_string(room.proof.next_offset)});
  if (found.rows.at(0).at(0) != "1")
    throw std::runtime_error("PostgreSQL's position went back, so that nothing is proven");
}

Cursor first_hole(const Verdict& verdict) {
  Cursor first = verdict.missing.empty() ? Cursor{} : verdict.missing.front().cursor;
  const auto lost = std::ranges::find_if(
      verdict.new_voids, [](const VoidNumber& number) { return number.reason != void_reason::elsewhere; });
  if (lost == verdict.new_voids.end()) return first;
  return verdict.missing.empty() ? lost->cursor : std::min(first, lost->cursor);
}

}  // namespace

HoleStore::HoleStore(postgres::DatabaseSettings settings, std::string topic)
    : database_(std::move(settings),
                [](postgres::Database& database) {
                  return postgres::check_server(database, postgres::Use::write);
                }),
      topic_(std::move(topic)) {}

std::optional<std::map<std::int32_t, StoredPosition>> HoleStore::positions() {
  return postgres::read_positions(database_, topic_);
}

std::optional<Failure> HoleStore::note_rooms_checked(std::int32_t partition, const StoredPosition& position) {
  return database_.transact([&](Transaction& transaction) {
    transaction.execute(checked_statement,
                        {topic_, std::to_string(partition), std::to_string(position.generation)});
  });
}

PageOutcome HoleStore::resolve(const ProvenRoom& room, const Page& page) {
  const Records records = records_of(room.room, page);
  Verdict verdict;
  PageOutcome outcome = try_to_resolve(room, page, records, verdict);
  if (!outcome.failure || outcome.failure->response != postgres::Response::poison) return outcome;
  PageOutcome done;
  done.failure = set_refused_aside(room.room, room.partition, verdict.missing, done);
  if (done.failure) return done;
  outcome = try_to_resolve(room, page, records, verdict);
  outcome.inserted += done.inserted;
  outcome.lost += done.lost;
  outcome.first_hole = done.first_hole;
  return outcome;
}

PageOutcome HoleStore::try_to_resolve(const ProvenRoom& proven, const Page& page, const Records& records,
                                      Verdict& verdict) {
  const std::string& room = proven.room;
  PageOutcome outcome;
  outcome.failure = database_.transact([&](Transaction& transaction) {
    verdict = judge_page(page, records, find(transaction, room, page, records));
    outcome.first_hole = first_hole(verdict);
    if (!verdict.missing.empty()) {
      const std::size_t missing = verdict.missing.size();
      outcome.inserted = insert_rows(transaction, room, proven.partition, verdict.missing);
      // A row that came in between under another number is visible now.
      if (outcome.inserted < missing)
        verdict = judge_page(page, records, find(transaction, room, page, records));
      if (outcome.inserted < missing && !verdict.missing.empty()) throw postgres::Refusal(postgres::kept_out);
    }
    outcome.lost = insert_voids(transaction, room, verdict.new_voids);
    expect_proof(transaction, topic_, proven);
  });
  if (outcome.failure) {
    outcome.inserted = outcome.lost = 0;
    return outcome;
  }
  outcome.stored = std::move(verdict.stored);
  outcome.voids = std::move(verdict.voids);
  return outcome;
}

/// Stores them one by one, so that a refused one does not keep the others out.
std::optional<Failure> HoleStore::set_refused_aside(const std::string& room, std::int32_t partition,
                                                    const std::vector<MessageRecord>& records,
                                                    PageOutcome& done) {
  if (!records.empty()) done.first_hole = records.front().cursor;
  for (const MessageRecord& record : records) {
    std::size_t inserted = 0;
    auto failure = database_.transact([&](Transaction& transaction) {
      inserted = insert_rows(transaction, room, partition, {record});
      const bool may_be_there = inserted == 0;
      if (may_be_there && transaction.execute(row_statement, {room, to_string(record.id)}).rows.empty())
        throw postgres::Refusal(postgres::kept_out);
    });
    if (!failure) {
      done.inserted += inserted;
      continue;
    }
    if (failure->response != postgres::Response::poison) return failure;
    log::error("PostgreSQL refuses a message that is only in Redis", {{"room", room},
                                                                      {"epoch", record.cursor.epoch},
                                                                      {"seq", record.cursor.seq},
                                                                      {"reason", failure->message}});
    std::size_t lost = 0;
    failure = database_.transact([&](Transaction& transaction) {
      lost = insert_voids(transaction, room, {{record.cursor, void_reason::refused}});
    });
    if (failure) return failure;
    done.lost += lost;
  }
  return std::nullopt;
}

}  // namespace chat::persister
