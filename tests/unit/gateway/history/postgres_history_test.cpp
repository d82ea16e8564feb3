#include "gateway/history/postgres_history.hpp"

#include <future>
#include <string>

#include <gtest/gtest.h>

#include "gateway/bus/publication.hpp"
#include "gateway/history/merge.hpp"
#include "persister/migrations/migrate.hpp"
#include "persister/store/postgres_store.hpp"
#include "tests/support/postgres_server.hpp"

namespace chat::gateway {
namespace {

using test::PostgresServer;

struct PostgresHistoryTest : ::testing::Test {
  PostgresServer& server = PostgresServer::running();
  postgres::DatabaseSettings settings{server.new_database(), {}, "history-test", std::chrono::seconds{10}};
  postgres::Database database{settings};
  Metrics metrics;
  admin::Dependencies dependencies{metrics};
  std::optional<PostgresHistory> history;

  void open(const PostgresHistoryOptions& options = {"history-test", 2, 100, {}}) {
    config::KafkaSettings kafka;
    kafka.brokers = "127.0.0.1:1";
    history.emplace(settings, kafka, options, metrics, dependencies.add("postgres"));
  }

  /// Rows as the persister writes them, of numbers `first` to `last`.
  void fill(const std::string& room, std::int64_t epoch, std::int64_t first, std::int64_t last,
            const std::string& text = "hello") {
    persister::PostgresStore store(database, "MESSAGES");
    std::vector<persister::Row> rows;
    for (std::int64_t seq = first; seq <= last; ++seq)
      rows.push_back({{0, seq, room, {}}, record(room, {epoch, seq}, text)});
    ASSERT_FALSE(store.store(rows, {}, {}, {}).failure);
  }

  static MessageRecord record(const std::string& room, Cursor cursor, const std::string& text) {
    return {random_uuid(), room, cursor, "u1", "Zoë \"x\"", text, 1'700'000'000'123 + cursor.seq, "g"};
  }

  HistoryRows after(Cursor since, Cursor until = {max_json_integer, 0}, const std::string& room = "r") {
    std::promise<HistoryRows> answer;
    history->read_after(ReadCause::resume, room, since, until, inline_post(),
                        [&](HistoryRows rows) { answer.set_value(std::move(rows)); });
    return answer.get_future().get();
  }
  HistoryRows before(Cursor cursor, std::size_t limit) {
    std::promise<HistoryRows> answer;
    history->read_before(ReadCause::history, "r", cursor, limit, inline_post(),
                         [&](HistoryRows rows) { answer.set_value(std::move(rows)); });
    return answer.get_future().get();
  }

  std::vector<std::size_t> stored(std::vector<MessageKey> asked) {
    std::promise<std::vector<std::size_t>> answer;
    history->find_stored(std::move(asked), inline_post(),
                         [&](std::vector<std::size_t> places) { answer.set_value(std::move(places)); });
    return answer.get_future().get();
  }

  static Post inline_post() {
    return [](const std::function<void()>& call) { call(); };
  }
  void migrate() { ASSERT_FALSE(persister::migrate(database, persister::embedded_migrations())); }
};

TEST_F(PostgresHistoryTest, ARowIsByteForByteThePublication) {
  migrate();
  open();
  persister::PostgresStore store(database, "MESSAGES");
  int room = 0;
  for (const std::string text : {"plain", "\"\\\n\r\t\b\x01\x7f", "😀 é \u2028", "{\"a\":1}", "'; --"}) {
    const MessageRecord record =
        PostgresHistoryTest::record("bytes-" + std::to_string(++room), {1'700'000'000'000, 1}, text);
    const persister::Row row{{0, 1, record.room, {}}, record};
    ASSERT_FALSE(store.store({&row, 1}, {}, {}, {}).failure);
    const auto found = after({}, {max_json_integer, 0}, record.room);
    ASSERT_EQ(found.entries.size(), 1U);
    EXPECT_EQ(found.entries[0].message, make_message({record.id, record.room, record.sender,
                                                      record.sender_name, record.text, record.sent_at, 0},
                                                     record.cursor));
  }
}

TEST_F(PostgresHistoryTest, AnIdComesBackAsItsSenderSpelledIt) {
  migrate();
  open();
  const std::string spelled = "A0eeBC99-9C0B-4EF8-BB6D-6BB9BD380a1F";
  MessageRecord capital = record("r", {1, 1}, "text");
  capital.id = *parse_uuid(spelled);
  capital.id_spelling = spelling_of(spelled);
  const MessageRecord small = record("r", {1, 2}, "text");
  persister::PostgresStore store(database, "MESSAGES");
  const std::vector<persister::Row> rows = {{{0, 1, "r", {}}, capital}, {{0, 2, "r", {}}, small}};
  ASSERT_FALSE(store.store(rows, {}, {}, {}).failure);
  for (const HistoryRows& found : {after({}), before({2, 0}, 5)}) {
    ASSERT_EQ(found.entries.size(), 2U);
    EXPECT_NE(found.entries[0].message.find('"' + spelled + '"'), std::string::npos);
    EXPECT_NE(found.entries[1].message.find('"' + to_string(small.id) + '"'), std::string::npos);
  }
  EXPECT_EQ(stored({{"r", capital.id}}), (std::vector<std::size_t>{0}));
}

TEST_F(PostgresHistoryTest, ReadsATableThatAnOlderPersisterMade) {
  migrate();
  open();
  fill("r", 1, 1, 3);
  ASSERT_FALSE(database.transact([](postgres::Transaction& transaction) {
    transaction.execute("ALTER TABLE messages DROP COLUMN id_as_sent");
  }));
  EXPECT_EQ(after({1, 1}).entries.size(), 2U);
  const auto found = before({1, 3}, 5);
  ASSERT_EQ(found.entries.size(), 2U);
  EXPECT_EQ(found.entries[0].cursor, (Cursor{1, 1}));
}

TEST_F(PostgresHistoryTest, ReadsBetweenTwoCursorsInOrder) {
  migrate();
  open();
  fill("r", 2, 1, 3);
  fill("r", 1, 1, 5);
  fill("other", 1, 1, 9);
  const auto found = after({1, 3}, {2, 3});
  ASSERT_TRUE(found.available);
  ASSERT_EQ(found.entries.size(), 4U);
  EXPECT_EQ(found.entries[0].cursor, (Cursor{1, 4}));
  EXPECT_EQ(found.entries[3].cursor, (Cursor{2, 2}));
  EXPECT_FALSE(found.more);
  EXPECT_TRUE(found.knows_voids);
  EXPECT_TRUE(found.voids.empty());
}

TEST_F(PostgresHistoryTest, APageIsBoundedInRowsAndBytes) {
  migrate();
  open();
  fill("r", 1, 1, 1200);
  auto found = after({1, 0});
  EXPECT_EQ(found.entries.size(), 1000U);
  EXPECT_TRUE(found.more);
  found = after({1, 1000});
  EXPECT_EQ(found.entries.size(), 200U);
  EXPECT_FALSE(found.more);
  fill("r", 2, 1, 100, std::string(4000, 'x'));
  found = after({2, 0});
  EXPECT_TRUE(found.more);
  std::size_t bytes = 0;
  for (const RoomEntry& entry : found.entries) bytes += entry.message.size();
  EXPECT_LE(bytes, max_page_bytes);
  EXPECT_GT(bytes, max_page_bytes - 5000);
}

TEST_F(PostgresHistoryTest, ReadsTheLastRowsInFrontOfACursor) {
  migrate();
  open();
  fill("r", 1, 1, 5);
  fill("r", 2, 1, 2);
  const auto found = before({2, 2}, 3);
  ASSERT_EQ(found.entries.size(), 3U);
  EXPECT_EQ(found.entries[0].cursor, (Cursor{1, 4}));
  EXPECT_EQ(found.entries[2].cursor, (Cursor{2, 1}));
  EXPECT_TRUE(found.more);
  EXPECT_FALSE(before({1, 3}, 2).more);
}

TEST_F(PostgresHistoryTest, GivesTheVoidNumbersWhereTheyAreKept) {
  migrate();
  ASSERT_FALSE(database.transact([](postgres::Transaction& transaction) {
    transaction.execute(
        "INSERT INTO void_numbers (room, epoch, seq, reason) VALUES "
        "('r', 1, 2, 'x'), ('r', 1, 7, 'x'), ('q', 1, 3, 'x')");
  }));
  open();
  fill("r", 1, 1, 1);
  const auto found = after({1, 0}, {1, 5});
  EXPECT_TRUE(found.knows_voids);
  EXPECT_EQ(found.voids, (std::vector<NumberRange>{{1, 2, 2}}));
}

TEST_F(PostgresHistoryTest, I3AGapOfMoreThanAHundredThousandVoidNumbersIsProven) {
  migrate();
  ASSERT_FALSE(database.transact([](postgres::Transaction& transaction) {
    transaction.execute(
        "INSERT INTO void_numbers (room, epoch, seq, reason) "
        "SELECT 'r', 1, seq, 'x' FROM generate_series(2, 150000) AS seq");
    transaction.execute(
        "INSERT INTO void_numbers (room, epoch, seq, reason) VALUES "
        "('r', 1, 150002, 'x'), ('r', 2, 1, 'x'), ('r', 2, 3, 'x')");
  }));
  open();
  fill("r", 1, 1, 1);
  fill("r", 1, 150'001, 150'001);
  const auto found = after({1, 0}, {2, 4});
  EXPECT_EQ(found.voids,
            (std::vector<NumberRange>{{1, 2, 150'000}, {1, 150'002, 150'002}, {2, 1, 1}, {2, 3, 3}}));
  ReadReply stream;
  stream.available = stream.same_run = true;
  stream.newest = {1, 150'003};
  stream.entries = {{{1, 150'003}, "newest"}};
  const auto page = merge_after({1, 0}, stream, after({1, 0}, {1, 150'003}), {});
  ASSERT_TRUE(page);
  EXPECT_TRUE(page->complete);
  EXPECT_EQ(page->entries.size(), 3U);
  const auto older = before({1, 150'003}, 10);
  EXPECT_TRUE(merge_before({1, 150'003}, 10, stream, older, {}));
}

TEST_F(PostgresHistoryTest, SaysWhereNobodyWritesVoidNumbersDown) {
  migrate();
  ASSERT_FALSE(database.transact(
      [](postgres::Transaction& transaction) { transaction.execute("DROP TABLE void_numbers"); }));
  open();
  fill("r", 1, 1, 1);
  const auto found = after({1, 0}, {1, 5});
  EXPECT_TRUE(found.available);
  EXPECT_FALSE(found.knows_voids);
}

TEST_F(PostgresHistoryTest, FindsStoredMessagesByRoomAndIdWhateverTheirNumber) {
  migrate();
  open();
  persister::PostgresStore store(database, "MESSAGES");
  const MessageRecord first = record("r", {1, 5}, "a");
  const MessageRecord second = record("room \"2\"", {7, 1}, "b");
  const std::vector<persister::Row> rows{{{0, 1, first.room, {}}, first}, {{0, 2, second.room, {}}, second}};
  ASSERT_FALSE(store.store(rows, {}, {}, {}).failure);
  const std::vector<MessageKey> asked{
      {"r", random_uuid()}, {"r", first.id}, {"r", second.id}, {second.room, second.id}, {"r", first.id}};
  EXPECT_EQ(stored(asked), (std::vector<std::size_t>{1, 3, 4}));
  EXPECT_EQ(stored({}), std::vector<std::size_t>{});
  EXPECT_NE(metrics.text().find("chat_postgres_reads_total{cause=\"receipts\"} 2\n"), std::string::npos);
  server.stop();
  EXPECT_EQ(stored(asked), std::vector<std::size_t>{}) << "nothing is claimed while PostgreSQL is away";
  server.start();
}

void set_floor(postgres::Transaction& transaction, std::int64_t epoch, std::int64_t seq) {
  transaction.execute("INSERT INTO room_floors (room, epoch, seq) VALUES ('r', $1::bigint, $2::bigint)",
                      {std::to_string(epoch), std::to_string(seq)});
}

TEST_F(PostgresHistoryTest, TellsTheFloorAndShowsNothingBelowIt) {
  migrate();
  open();
  fill("r", 1, 1, 6);
  EXPECT_FALSE(after({1, 0}).floor);
  ASSERT_FALSE(database.transact([](postgres::Transaction& transaction) { set_floor(transaction, 1, 4); }));
  const auto newer = after({1, 1});
  EXPECT_EQ(newer.floor, (Cursor{1, 4}));
  ASSERT_EQ(newer.entries.size(), 2U) << "rows that came late stay hidden";
  EXPECT_EQ(newer.entries[0].cursor, (Cursor{1, 5}));
  const auto older = before({1, 6}, 5);
  EXPECT_EQ(older.floor, (Cursor{1, 4}));
  ASSERT_EQ(older.entries.size(), 1U);
  EXPECT_FALSE(older.more);
  EXPECT_FALSE(after({1, 1}, {max_json_integer, 0}, "other").floor);
}

TEST_F(PostgresHistoryTest, WhatWasDeletedCountsAsStored) {
  migrate();
  open();
  ASSERT_FALSE(database.transact([](postgres::Transaction& transaction) { set_floor(transaction, 1, 4); }));
  EXPECT_EQ(
      stored({{"r", random_uuid(), {1, 5}}, {"r", random_uuid(), {1, 4}}, {"s", random_uuid(), {1, 4}}}),
      (std::vector<std::size_t>{1}));
  ASSERT_FALSE(database.transact(
      [](postgres::Transaction& transaction) { transaction.execute("DROP TABLE room_floors"); }));
  EXPECT_EQ(stored({{"r", random_uuid(), {1, 4}}}), std::vector<std::size_t>{});
  EXPECT_TRUE(after({1, 0}).available) << "the persister of the last release has no such table";
}

/// Waits until a statement waits for a lock.
bool becomes_blocked(postgres::Database& observer) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  while (std::chrono::steady_clock::now() < deadline) {
    bool is_blocked = false;
    const auto failure = observer.transact([&](postgres::Transaction& transaction) {
      is_blocked =
          transaction.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").rows.at(0).at(0) != "0";
    });
    if (failure || is_blocked) return is_blocked;
  }
  return false;
}

// A prune commits after the reader has seen that there is no floor, and before it reads the rows.
TEST_F(PostgresHistoryTest, I3ThePageAndItsFloorAreOfOneSnapshot) {
  migrate();
  open();
  fill("r", 1, 1, 6);
  postgres::Database observer{settings};
  for (const bool is_page_after : {true, false}) {
    std::future<HistoryRows> page;
    bool was_blocked = false;
    ASSERT_FALSE(database.transact([&](postgres::Transaction& prune) {
      prune.execute("LOCK TABLE messages IN ACCESS EXCLUSIVE MODE");
      prune.execute("DELETE FROM room_floors");
      set_floor(prune, 1, is_page_after ? 2 : 4);
      prune.execute(is_page_after ? "DELETE FROM messages WHERE seq <= 2"
                                  : "DELETE FROM messages WHERE seq <= 4");
      page = std::async(std::launch::async, [&] {
        return is_page_after ? after({1, 0}) : before({1, 7}, 10);
      });
      was_blocked = becomes_blocked(observer);
    }));
    EXPECT_TRUE(was_blocked);
    const HistoryRows read = page.get();
    ASSERT_TRUE(read.available);
    const std::int64_t floor = read.floor ? read.floor->seq : 0;
    ASSERT_FALSE(read.entries.empty());
    EXPECT_EQ(read.entries.front().cursor, (Cursor{1, floor + 1})) << "rows are missing above the floor";
    EXPECT_EQ(read.entries.size(), static_cast<std::size_t>(6 - floor));
  }
}

TEST_F(PostgresHistoryTest, WithoutPostgresItIsUnavailableAndAnswersAtOnceForAWhile) {
  migrate();
  open();
  server.stop();
  EXPECT_FALSE(after({}).available);
  EXPECT_FALSE(after({}).available);
  EXPECT_NE(metrics.text().find("chat_postgres_reads_total{cause=\"resume\"} 1\n"), std::string::npos);
  server.start();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
  while (!after({}).available && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  EXPECT_TRUE(after({}).available);
}

TEST_F(PostgresHistoryTest, AServerThatStartedAgainIsAskedAgainAtOnce) {
  migrate();
  open();
  EXPECT_TRUE(after({}).available);
  EXPECT_TRUE(after({}).available);
  server.stop();
  server.start();
  EXPECT_TRUE(after({}).available);
  EXPECT_TRUE(after({}).available);
}

TEST_F(PostgresHistoryTest, TriesItsReadsAndSaysWhatIsMissing) {
  const std::chrono::milliseconds period{20};
  open({"history-test", 1, 10, {}, period});
  const auto cause = [&] {
    const auto told = dependencies.complete({true, "ready", {}});
    return told.causes.empty() ? std::string{} : told.causes.front().trouble.cause;
  };
  const auto becomes = [&](const std::string& expected) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (cause() != expected && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    return cause() == expected;
  };
  ASSERT_TRUE(becomes("schema")) << "nobody has migrated yet";
  EXPECT_FALSE(dependencies.complete({true, "ready", {}}).ready) << "before the first success";
  migrate();
  ASSERT_TRUE(becomes(""));
  EXPECT_TRUE(dependencies.complete({true, "ready", {}}).ready);
  ASSERT_FALSE(database.transact([](postgres::Transaction& transaction) {
    transaction.execute("ALTER TABLE positions RENAME TO gone");
  }));
  ASSERT_TRUE(becomes("schema"));
  EXPECT_TRUE(dependencies.complete({true, "ready", {}}).ready) << "degraded only";
  ASSERT_FALSE(database.transact([](postgres::Transaction& transaction) {
    transaction.execute("ALTER TABLE gone RENAME TO positions");
  }));
  EXPECT_TRUE(becomes(""));
  EXPECT_NE(metrics.text().find("chat_postgres_reads_total{cause=\"resume\"} 0\n"), std::string::npos)
      << "a try is no page";
}

TEST_F(PostgresHistoryTest, SaysThatADatabaseCannotHoldTheMessages) {
  settings.url = server.new_database("ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
  open();
  EXPECT_FALSE(after({}).available);
  EXPECT_EQ(dependencies.complete({true, "ready", {}}).causes.at(0).trouble.cause, "encoding");
}

TEST_F(PostgresHistoryTest, WithoutItsTablesItIsUnavailable) {
  open();
  EXPECT_FALSE(after({}).available);
}

TEST_F(PostgresHistoryTest, RefusesWhatDoesNotFitIntoTheQueue) {
  migrate();
  open({"history-test", 1, 0, {}});
  EXPECT_FALSE(after({}).available);
}

TEST_F(PostgresHistoryTest, IsNotStoredWhileKafkaIsAway) {
  migrate();
  open({"history-test", 1, 10, {std::chrono::milliseconds{1}, std::chrono::milliseconds{100}, {}}});
  std::promise<bool> answer;
  history->wait_until_stored("r", inline_post(), [&](bool is_stored) { answer.set_value(is_stored); });
  EXPECT_FALSE(answer.get_future().get());
}

}  // namespace
}  // namespace chat::gateway
