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

// A later migration adds the column id_as_sent, and gateways may start before the persister that runs it. If
// the table lacks the column, the name refers to the outer row.
const std::string columns =
    "SELECT found.* FROM (SELECT NULL::text AS id_as_sent) AS no_column CROSS JOIN LATERAL ("
    "SELECT id, epoch, seq, sender, sender_name, text, (extract(epoch FROM sent_at) * 1000)::bigint, "
    "id_as_sent "
    "FROM messages WHERE room = $1 AND ";
const std::string after_statement =
    columns +
    "(epoch, seq) > ($2::bigint, $3::bigint) AND (epoch, seq) < ($4::bigint, $5::bigint) "
    "ORDER BY epoch, seq, id LIMIT $6::int) AS found ORDER BY epoch, seq, id";
const std::string before_statement =
    columns +
    "(epoch, seq) < ($2::bigint, $3::bigint) ORDER BY epoch DESC, seq DESC, id DESC LIMIT $4::int) AS found "
    "ORDER BY epoch DESC, seq DESC, id DESC";
// Consecutive numbers differ from their rank by the same amount.
const std::string voids_statement =
    "SELECT epoch, min(seq), max(seq) FROM ("
    "SELECT epoch, seq, seq - row_number() OVER (PARTITION BY epoch ORDER BY seq) AS island "
    "FROM void_numbers WHERE room = $1 AND (epoch, seq) > ($2::bigint, $3::bigint) "
    "AND (epoch, seq) < ($4::bigint, $5::bigint)) AS numbers "
    "GROUP BY epoch, island ORDER BY epoch, min(seq) LIMIT $6::int";

const std::string stored_statement =
    "SELECT asked.number - 1 FROM unnest($1::text[], $2::uuid[]) WITH ORDINALITY AS asked (room, id, number) "
    "WHERE EXISTS (SELECT FROM messages WHERE messages.room = asked.room AND messages.id = asked.id) "
    "ORDER BY asked.number";

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

void read_voids(Transaction& transaction, const std::string& room, Cursor after, Cursor until,
                HistoryRows& rows) {
  const Answer known = transaction.execute("SELECT to_regclass('void_numbers') IS NOT NULL");
  rows.knows_voids = known.rows.at(0).at(0) == "t";
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
  HistoryRows rows;
  rows.available = true;
  PageFill fill(max_page_entries, max_page_bytes);
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
  HistoryRows rows;
  rows.available = true;
  PageFill fill(limit, max_page_bytes);
  const Answer answer = transaction.execute(
      before_statement,
      {room, std::to_string(before.epoch), std::to_string(before.seq), std::to_string(limit + 1)});
  take(room, answer, fill, rows);
  std::ranges::reverse(rows.entries);
  const Cursor first = rows.more ? rows.entries.front().cursor : Cursor{};
  read_voids(transaction, room, first, before, rows);
  return rows;
}

std::vector<std::size_t> find_stored_rows(Transaction& transaction, const std::vector<MessageKey>& asked) {
  postgres::ArrayLiteral rooms;
  postgres::ArrayLiteral ids;
  for (const MessageKey& key : asked) {
    rooms.add(key.room);
    ids.add(to_string(key.id));
  }
  std::vector<std::size_t> indexes;
  for (const Row& row : transaction.execute(stored_statement, {rooms.take(), ids.take()}).rows)
    indexes.push_back(std::stoull(row.at(0).value()));
  return indexes;
}

}  // namespace chat::gateway
