#include "persister/prune/prune_store.hpp"

#include <cstdlib>
#include <stdexcept>
#include <thread>
#include <utility>

#include "common/base/clock.hpp"
#include "common/postgres/server_check.hpp"

namespace chat::persister {
namespace {

using postgres::Answer;
using postgres::Transaction;

constexpr int max_tries = 8;
constexpr std::chrono::milliseconds retry_wait{50};
constexpr std::size_t rooms_a_page = 1'000;

// "prun" in ASCII. Of the transaction, so that a pooler may share the session.
const std::string lock_statement = "SELECT pg_try_advisory_xact_lock(1886549358)";

const std::string begin_statement =
    "SELECT to_regclass('room_floors') IS NOT NULL, clock_timestamp() - $1::bigint * interval '1 hour', "
    "extract(epoch FROM clock_timestamp())::bigint";

// Jumps from room to room along the index, and looks at one row of each. The floor keeps it from stepping
// over the index's entries of deleted rows.
const std::string rooms_statement =
    "WITH RECURSIVE rooms AS ("
    "(SELECT room FROM messages WHERE room > $1 ORDER BY room LIMIT 1) UNION ALL "
    "SELECT (SELECT messages.room FROM messages WHERE messages.room > rooms.room ORDER BY messages.room "
    "LIMIT 1) FROM rooms WHERE rooms.room IS NOT NULL), "
    "page AS (SELECT room FROM rooms WHERE room IS NOT NULL LIMIT $2::int) "
    "SELECT page.room, coalesce(oldest.created_at < $3::timestamptz, true) FROM page "
    "LEFT JOIN room_floors USING (room) LEFT JOIN LATERAL ("
    "SELECT created_at FROM messages WHERE messages.room = page.room AND (messages.epoch, messages.seq) > "
    "(coalesce(room_floors.epoch, -1), coalesce(room_floors.seq, 0)) "
    "ORDER BY messages.epoch, messages.seq LIMIT 1) AS oldest ON true ORDER BY page.room";

const std::string floor_statement = "SELECT epoch, seq FROM room_floors WHERE room = $1";

const std::string oldest_statement =
    "SELECT epoch, seq, created_at < $6::timestamptz FROM messages WHERE room = $1 "
    "AND (epoch, seq) > ($2::bigint, $3::bigint) AND (epoch, seq) <= ($4::bigint, $5::bigint) "
    "ORDER BY epoch, seq LIMIT $7::int";

// The floor comes first: a reader that sees rows missing sees the floor, since both are of one commit.
const std::string raise_statement =
    "INSERT INTO room_floors AS floors (room, epoch, seq) VALUES ($1, $2::bigint, $3::bigint) "
    "ON CONFLICT (room) DO UPDATE SET epoch = excluded.epoch, seq = excluded.seq, pruned_at = now() "
    "WHERE (floors.epoch, floors.seq) < (excluded.epoch, excluded.seq)";
// A row that was stored from Redis has no offset.
const std::string delete_statement =
    "WITH deleted AS (DELETE FROM messages WHERE room = $1 AND (epoch, seq) > ($2::bigint, $3::bigint) "
    "AND (epoch, seq) <= ($4::bigint, $5::bigint) RETURNING kafka_partition, kafka_offset), "
    "noted AS (INSERT INTO pruned_offsets AS pruned (partition, last_offset) "
    "SELECT kafka_partition, max(kafka_offset) FROM deleted WHERE kafka_offset >= 0 GROUP BY kafka_partition "
    "ORDER BY kafka_partition ON CONFLICT (partition) DO UPDATE "
    "SET last_offset = greatest(pruned.last_offset, excluded.last_offset)) "
    "SELECT count(*) FROM deleted";

std::string clear_statement(const std::string& table) {
  return "DELETE FROM " + table + " WHERE ctid = ANY (ARRAY(SELECT ctid FROM " + table +
         " WHERE room = $1 AND (epoch, seq) <= ($2::bigint, $3::bigint) ORDER BY epoch, seq LIMIT $4::int))";
}
const std::string clear_rows_statement = clear_statement("messages");
const std::string clear_voids_statement = clear_statement("void_numbers");

Cursor cursor_in(const std::vector<std::optional<std::string>>& row) {
  return {std::stoll(row.at(0).value()), std::stoll(row.at(1).value())};
}

std::vector<std::string> parameters(const std::string& room, std::initializer_list<Cursor> cursors) {
  std::vector<std::string> values{room};
  for (const Cursor& cursor : cursors) {
    values.push_back(std::to_string(cursor.epoch));
    values.push_back(std::to_string(cursor.seq));
  }
  return values;
}

}  // namespace

PruneStore::PruneStore(postgres::DatabaseSettings settings)
    : database_(std::move(settings), [](postgres::Database& database) {
        return postgres::check_server(database, postgres::Use::write);
      }) {}

/// Repeats what a deadlock or a commit of unknown outcome ended; all that is done here may be done twice.
std::optional<Error> PruneStore::transact(const postgres::Database::Work& work) {
  for (int tries = 1;; ++tries) {
    const auto failure = database_.transact(work);
    if (!failure) return std::nullopt;
    if (failure->response != postgres::Response::retry || tries == max_tries)
      return Error{"PostgreSQL failed: " + postgres::trouble_of(*failure).sentence()};
    std::this_thread::sleep_for(retry_wait);
  }
}

Result<void> PruneStore::begin(std::chrono::hours age, std::chrono::seconds max_difference) {
  bool is_migrated = false;
  std::int64_t server_time = 0;
  auto error = transact([&](Transaction& transaction) {
    const auto row = transaction.execute(begin_statement, {std::to_string(age.count())}).rows.at(0);
    is_migrated = row.at(0) == "t";
    cutoff_ = row.at(1).value();
    server_time = std::stoll(row.at(2).value());
  });
  if (error) return *std::move(error);
  if (!is_migrated)
    return Error{"the database lacks the table room_floors: start this release's persister first"};
  const auto now =
      std::chrono::duration_cast<std::chrono::seconds>(Clock::real().wall_time().time_since_epoch());
  if (std::abs(now.count() - server_time) > max_difference.count())
    return Error{"PostgreSQL's clock and this machine's differ by " +
                 std::to_string(std::abs(now.count() - server_time)) +
                 " s, so that the age of messages is not known: correct the one that is wrong"};
  return {};
}

Result<PruneStore::Rooms> PruneStore::rooms_after(const std::string& room) {
  Rooms found;
  auto error = transact([&](Transaction& transaction) {
    found = {};
    const Answer answer = transaction.execute(rooms_statement, {room, std::to_string(rooms_a_page), cutoff_});
    for (const auto& row : answer.rows) {
      found.last = row.at(0).value();
      if (row.at(1) == "t") found.rooms.push_back(*found.last);
    }
  });
  if (error) return *std::move(error);
  return found;
}

Result<Cursor> PruneStore::floor(const std::string& room) {
  Cursor floor{-1, 0};
  auto error = transact([&](Transaction& transaction) {
    for (const auto& row : transaction.execute(floor_statement, {room}).rows) floor = cursor_in(row);
  });
  if (error) return *std::move(error);
  return floor;
}

Result<std::vector<AgedRow>> PruneStore::oldest(const std::string& room, Cursor floor, Cursor cap,
                                                std::size_t limit) {
  std::vector<AgedRow> rows;
  auto error = transact([&](Transaction& transaction) {
    rows.clear();
    auto values = parameters(room, {floor, cap});
    values.insert(values.end(), {cutoff_, std::to_string(limit)});
    for (const auto& row : transaction.execute(oldest_statement, values).rows)
      rows.push_back({cursor_in(row), row.at(2) == "t"});
  });
  if (error) return *std::move(error);
  return rows;
}

Result<std::size_t> PruneStore::raise(const std::string& room, Cursor from, Cursor to) {
  bool is_alone = false;
  std::size_t deleted = 0;
  auto error = transact([&](Transaction& transaction) {
    deleted = 0;
    is_alone = transaction.execute(lock_statement).rows.at(0).at(0) == "t";
    if (!is_alone) return;
    transaction.execute(raise_statement, parameters(room, {to}));
    const auto answer = transaction.execute(delete_statement, parameters(room, {from, to}));
    deleted = std::stoull(answer.rows.at(0).at(0).value());
  });
  if (error) return *std::move(error);
  if (!is_alone) return Error{"another prune of this database is running: let it finish"};
  return deleted;
}

Result<std::size_t> PruneStore::clear(const std::string& room, Cursor floor, std::size_t limit) {
  std::size_t rows = 0;
  for (bool has_more = true; has_more;) {
    std::size_t deleted = 0;
    std::size_t voids = 0;
    auto error = transact([&](Transaction& transaction) {
      auto values = parameters(room, {floor});
      values.push_back(std::to_string(limit));
      deleted = transaction.execute(clear_rows_statement, values).affected;
      voids = transaction.execute(clear_voids_statement, values).affected;
    });
    if (error) return *std::move(error);
    rows += deleted;
    has_more = deleted == limit || voids == limit;
  }
  return rows;
}

}  // namespace chat::persister
