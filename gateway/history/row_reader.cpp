#include "gateway/history/row_reader.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "gateway/bus/publication.hpp"

namespace chat::gateway {
namespace {

using postgres::Answer;
using postgres::Transaction;
using Row = std::vector<std::optional<std::string>>;

/// Rows are fetched in steps: a thousand of the largest would be far above a page's bytes.
constexpr std::size_t step = 128;

// The inner order is the index's, so that no more rows are read than are wanted; with `id` in it PostgreSQL
// sorts all rows in between. A later migration adds the column id_as_sent, and gateways may start before the
// persister that runs it. If the table lacks the column, the name refers to the outer row.
const std::string columns =
    "SELECT found.* FROM (SELECT NULL::text AS id_as_sent) AS no_column CROSS JOIN LATERAL ("
    "SELECT id, epoch, seq, sender, sender_name, text, (extract(epoch FROM sent_at) * 1000)::bigint, "
    "id_as_sent "
    "FROM messages WHERE room = $1 AND ";
const std::string after_statement =
    columns +
    "(epoch, seq) > ($2::bigint, $3::bigint) AND (epoch, seq) < ($4::bigint, $5::bigint) "
    "ORDER BY epoch, seq LIMIT $6::int) AS found ORDER BY epoch, seq, id";
const std::string before_statement =
    columns +
    "(epoch, seq) < ($2::bigint, $3::bigint) AND (epoch, seq) > ($5::bigint, $6::bigint) ORDER BY epoch "
    "DESC, seq DESC LIMIT $4::int) AS found "
    "ORDER BY epoch DESC, seq DESC, id DESC";
// Consecutive numbers differ from their rank by the same amount.
const std::string voids_statement =
    "SELECT epoch, min(seq), max(seq) FROM ("
    "SELECT epoch, seq, seq - row_number() OVER (PARTITION BY epoch ORDER BY seq) AS island "
    "FROM void_numbers WHERE room = $1 AND (epoch, seq) > ($2::bigint, $3::bigint) "
    "AND (epoch, seq) < ($4::bigint, $5::bigint)) AS numbers "
    "GROUP BY epoch, island ORDER BY epoch, min(seq) LIMIT $6::int";

const std::string floor_statement = "SELECT epoch, seq FROM room_floors WHERE room = $1";

// What a prune deleted was stored.
std::string stored_statement(bool has_floors) {
  const std::string is_pruned =
      " OR EXISTS (SELECT FROM room_floors AS floors WHERE floors.room = asked.room "
      "AND (asked.epoch, asked.seq) <= (floors.epoch, floors.seq))";
  return "SELECT asked.number - 1 FROM unnest($1::text[], $2::uuid[], $3::bigint[], $4::bigint[]) "
         "WITH ORDINALITY AS asked (room, id, epoch, seq, number) "
         "WHERE EXISTS (SELECT FROM messages WHERE messages.room = asked.room AND messages.id = asked.id)" +
         (has_floors ? is_pruned : "") + " ORDER BY asked.number";
}

/// Later migrations make these tables, and gateways may start before the persister that runs them.
struct Tables {
  bool has_voids = false;
  bool has_floors = false;
};

Tables find_tables(Transaction& transaction) {
  const Answer found = transaction.execute(
      "SELECT to_regclass('void_numbers') IS NOT NULL, to_regclass('room_floors') IS NOT NULL");
  return {found.rows.at(0).at(0) == "t", found.rows.at(0).at(1) == "t"};
}

/// Below every message.
constexpr Cursor no_floor{-1, 0};

std::optional<Cursor> read_floor(Transaction& transaction, const std::string& room) {
  const Answer floor = transaction.execute(floor_statement, {room});
  if (floor.rows.empty()) return std::nullopt;
  return Cursor{std::stoll(floor.rows[0].at(0).value()), std::stoll(floor.rows[0].at(1).value())};
}

RoomEntry entry_of(const std::string& room, const Row& row) {
  AcceptRequest message;
  message.id = parse_uuid(row.at(0).value()).value_or(Uuid{});
  message.id_spelling = spelling_of(row.at(7).value_or(std::string{}));
  message.room = room;
  const Cursor cursor{std::stoll(row.at(1).value()), std::stoll(row.at(2).value())};
  message.sender = row.at(3).value();
  message.sender_name = row.at(4).value();
  message.text = row.at(5).value();
  message.sent_at = std::stoll(row.at(6).value());
  return {cursor, make_message(message, cursor)};
}

/// An empty page that knows the room's floor.
HistoryRows begin_rows(Transaction& transaction, const std::string& room) {
  const Tables tables = find_tables(transaction);
  HistoryRows rows;
  rows.available = true;
  rows.knows_voids = tables.has_voids;
  if (tables.has_floors) rows.floor = read_floor(transaction, room);
  return rows;
}

void read_voids(Transaction& transaction, const std::string& room, Cursor after, Cursor until,
                HistoryRows& rows) {
  if (!rows.knows_voids) return;
  const Answer voids =
      transaction.execute(voids_statement, {room, std::to_string(after.epoch), std::to_string(after.seq),
                                            std::to_string(until.epoch), std::to_string(until.seq),
                                            std::to_string(max_void_ranges)});
  for (const Row& row : voids.rows)
    rows.voids.push_back(
        {std::stoll(row.at(0).value()), std::stoll(row.at(1).value()), std::stoll(row.at(2).value())});
}

/// Takes rows until the page is full; false if it is.
bool take(const std::string& room, const Answer& answer, PageFill& fill, HistoryRows& rows) {
  for (const Row& row : answer.rows) {
    RoomEntry entry = entry_of(room, row);
    if (!fill.take(entry.message.size())) {
      rows.more = true;
      return false;
    }
    rows.entries.push_back(std::move(entry));
  }
  return true;
}

}  // namespace

HistoryRows read_rows_after(Transaction& transaction, const std::string& room, Cursor after, Cursor until) {
  HistoryRows rows = begin_rows(transaction, room);
  PageFill fill(max_page_entries, max_page_bytes);
  after = std::max(after, rows.floor.value_or(after));
  Cursor position = after;
  for (;;) {
    const Answer answer = transaction.execute(
        after_statement, {room, std::to_string(position.epoch), std::to_string(position.seq),
                          std::to_string(until.epoch), std::to_string(until.seq), std::to_string(step)});
    if (!take(room, answer, fill, rows) || answer.rows.size() < step) break;
    position = rows.entries.back().cursor;
  }
  read_voids(transaction, room, after, rows.more ? rows.entries.back().cursor : until, rows);
  return rows;
}

HistoryRows read_rows_before(Transaction& transaction, const std::string& room, Cursor before,
                             std::size_t limit) {
  HistoryRows rows = begin_rows(transaction, room);
  PageFill fill(limit, max_page_bytes);
  const Cursor floor = rows.floor.value_or(no_floor);
  const Answer answer = transaction.execute(
      before_statement, {room, std::to_string(before.epoch), std::to_string(before.seq),
                         std::to_string(limit + 1), std::to_string(floor.epoch), std::to_string(floor.seq)});
  take(room, answer, fill, rows);
  std::ranges::reverse(rows.entries);
  const Cursor first = rows.more ? rows.entries.front().cursor : rows.floor.value_or(Cursor{});
  read_voids(transaction, room, first, before, rows);
  return rows;
}

std::vector<std::size_t> find_stored_rows(Transaction& transaction, const std::vector<MessageKey>& asked) {
  postgres::ArrayLiteral rooms;
  postgres::ArrayLiteral ids;
  postgres::ArrayLiteral epochs;
  postgres::ArrayLiteral seqs;
  for (const MessageKey& key : asked) {
    rooms.add(key.room);
    ids.add(to_string(key.id));
    epochs.add(std::to_string(key.number.epoch));
    seqs.add(std::to_string(key.number.seq));
  }
  const std::string statement = stored_statement(find_tables(transaction).has_floors);
  std::vector<std::size_t> indexes;
  for (const Row& row :
       transaction.execute(statement, {rooms.take(), ids.take(), epochs.take(), seqs.take()}).rows)
    indexes.push_back(std::stoull(row.at(0).value()));
  return indexes;
}

}  // namespace chat::gateway
