#include "gateway/history/stored_epochs.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "common/postgres/positions.hpp"

namespace chat::gateway {
namespace {

using postgres::Transaction;

constexpr std::chrono::milliseconds kafka_wait{2'000};

/// Epochs that no clock gives (the year 144,000). One such row must not exhaust the epochs of all rooms.
const std::string first_absurd_epoch = std::to_string(std::int64_t{1} << 52);

/// Rooms per statement. The statement jumps from room to room along the index, about 20 microseconds each.
constexpr std::size_t rooms_a_page = 10'000;
const std::string rooms_statement =
    "WITH RECURSIVE rooms AS ("
    "(SELECT room FROM messages WHERE room > $1 ORDER BY room LIMIT 1) UNION ALL "
    "SELECT (SELECT messages.room FROM messages WHERE messages.room > rooms.room ORDER BY messages.room "
    "LIMIT 1) "
    "FROM rooms WHERE rooms.room IS NOT NULL), "
    "page AS (SELECT room FROM rooms WHERE room IS NOT NULL LIMIT $2::int) "
    "SELECT count(*), max(room), max((SELECT max(epoch) FROM messages WHERE messages.room = page.room "
    "AND epoch < " +
    first_absurd_epoch + ")) FROM page";

using Offsets = std::map<std::int32_t, std::int64_t>;
using Positions = std::map<std::int32_t, StoredPosition>;

/// The persister creates the tables when it first starts.
bool has_tables(Transaction& transaction) {
  const auto answer = transaction.execute(
      "SELECT to_regclass('messages') IS NOT NULL AND to_regclass('positions') IS NOT NULL");
  return answer.rows.at(0).at(0) == "t";
}

/// Of the messages that were deleted: a room of which nothing is left still had its epochs.
std::int64_t read_highest_floor(Transaction& transaction) {
  const auto known = transaction.execute("SELECT to_regclass('room_floors') IS NOT NULL");
  if (known.rows.at(0).at(0) != "t") return 0;
  const auto answer =
      transaction.execute("SELECT max(epoch) FROM room_floors WHERE epoch < " + first_absurd_epoch);
  const auto& highest = answer.rows.at(0).at(0);
  return highest ? std::stoll(*highest) : 0;
}

/// The highest epoch that any room had; 0 without one.
std::int64_t read_highest(Transaction& transaction) {
  std::int64_t highest = read_highest_floor(transaction);
  std::string room;
  for (;;) {
    const auto answer = transaction.execute(rooms_statement, {room, std::to_string(rooms_a_page)});
    const auto& row = answer.rows.at(0);
    if (row.at(2)) highest = std::max<std::int64_t>(highest, std::stoll(*row.at(2)));
    if (std::stoull(row.at(0).value()) < rooms_a_page) return highest;
    room = row.at(1).value();
  }
}

bool has_all(const Positions& positions, const Offsets& ends) {
  return std::ranges::all_of(ends, [&](const auto& end) {
    const auto found = positions.find(end.first);
    return end.second == 0 || (found != positions.end() && end.second <= found->second.next_offset);
  });
}

}  // namespace

StoredEpochs::StoredEpochs(const postgres::DatabaseSettings& database, const config::KafkaSettings& kafka,
                           const std::string& client_id, Post post)
    : post_(std::move(post)),
      offsets_(kafka::EndOffsets::make(kafka, client_id).value()),
      topic_(kafka.topic),
      database_(database),
      thread_([this] { run(); }) {}

StoredEpochs::~StoredEpochs() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void StoredEpochs::find_highest(Handler handler) {
  {
    const std::lock_guard lock(mutex_);
    question_ = std::move(handler);
  }
  changed_.notify_one();
}

void StoredEpochs::run() {
  for (;;) {
    Handler handler;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return is_stopping_ || question_; });
      if (is_stopping_) return;
      handler = std::exchange(question_, {});
    }
    post_([handler = std::move(handler), found = look()] { handler(found); });
  }
}

ArchivedEpochs StoredEpochs::look() {
  const auto partitions = offsets_->partitions(kafka_wait);
  if (!partitions) return {};
  Offsets ends;
  for (std::int32_t partition = 0; partition < *partitions; ++partition) {
    const auto end = offsets_->end_offset(partition, kafka_wait);
    if (!end) return {};
    ends[partition] = *end;
  }
  ArchivedEpochs found;
  Positions positions;
  const auto failure = database_.transact([&](Transaction& transaction) {
    const bool is_made = has_tables(transaction);
    // Positions first: the rows below them are then stored.
    if (is_made) positions = postgres::read_positions(transaction, topic_);
    found.is_known = has_all(positions, ends);
    if (found.is_known && is_made) found.highest = read_highest(transaction);
  });
  if (failure) return {};
  // A position may be of a topic that was deleted and recreated.
  for (const auto& [partition, end] : ends)
    if (found.is_known && end > 0)
      found.is_known = offsets_->proves(partition, positions.at(partition), kafka_wait).value_or(false);
  found.is_empty =
      found.highest == 0 && std::ranges::all_of(ends, [](const auto& end) { return end.second == 0; });
  return found;
}

}  // namespace chat::gateway
