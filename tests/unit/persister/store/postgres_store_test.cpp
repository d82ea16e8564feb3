#include "persister/store/postgres_store.hpp"

#include <chrono>
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include "common/wire/limits.hpp"
#include "tests/unit/persister/store/store_fixture.hpp"

namespace chat::persister {
namespace {

using postgres::Database;
using postgres::Response;
using test::make_message;
using test::make_row;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class PostgresStoreTest : public test::StoreFixture {};

TEST_F(PostgresStoreTest, WritesEveryField) {
  auto message = make_message("héllo \"quoted\" \\ {a,b} NULL\n\ttab");
  message.id = *parse_uuid("A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11");
  message.cursor = {17, 4};
  message.sent_at = 1'764'000'000'123;
  const auto outcome = store({make_row(message, 3, 99)});
  ASSERT_FALSE(outcome.failure) << outcome.failure->message;
  EXPECT_EQ(outcome.inserted, 1u);
  EXPECT_THAT(
      column("SELECT id || ' ' || room || ' ' || epoch || ' ' || seq || ' ' || sender || ' ' || sender_name "
             "|| ' ' || (extract(epoch FROM sent_at) * 1000)::bigint || ' ' || kafka_partition || ' ' || "
             "kafka_offset FROM messages"),
      ElementsAre("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11 general 17 4 guest-1 Guest One 1764000000123 3 99"));
  EXPECT_THAT(column("SELECT text FROM messages"), ElementsAre(message.text));
  EXPECT_THAT(column("SELECT now() - created_at < interval '1 minute' FROM messages"), ElementsAre("t"));
}

TEST_F(PostgresStoreTest, KeepsTheSpellingOfAnIdOnlyWhereItIsNotTheCanonicalOne) {
  const std::string spelled = "A0EEBC99-9c0b-4EF8-BB6D-6BB9BD380A11";
  auto capital = make_message();
  capital.id = *parse_uuid(spelled);
  capital.id_spelling = spelling_of(spelled);
  ASSERT_FALSE(store({make_row(capital, 0, 1), make_row(0, 2)}).failure);
  auto retry = capital;
  retry.id_spelling = {};
  EXPECT_EQ(store({make_row(retry, 0, 3)}).duplicates, 1u);
  EXPECT_THAT(column("SELECT coalesce(id_as_sent, 'none') FROM messages ORDER BY kafka_offset"),
              ElementsAre(spelled, "none"));
}

TEST_F(PostgresStoreTest, I1StoresAMessageOnceHoweverOftenItComes) {
  const std::vector<Row> rows = {make_row(0, 1), make_row(0, 2), make_row(1, 1)};
  EXPECT_EQ(store(rows).inserted, 3u);
  const auto again = store(rows);
  ASSERT_FALSE(again.failure) << again.failure->message;
  EXPECT_EQ(again.inserted, 0u);
  EXPECT_EQ(again.duplicates, 3u);
  EXPECT_THAT(again.reused, IsEmpty());
  EXPECT_THAT(column("SELECT count(*) FROM messages"), ElementsAre("3"));
}

TEST_F(PostgresStoreTest, TakesTheSameMessageTwiceInOneBatch) {
  const auto message = make_message();
  const auto outcome = store({make_row(message, 0, 1), make_row(0, 2), make_row(message, 0, 3)});
  ASSERT_FALSE(outcome.failure) << outcome.failure->message;
  EXPECT_EQ(outcome.inserted, 2u);
  EXPECT_EQ(outcome.duplicates, 1u);
  EXPECT_THAT(column("SELECT kafka_offset FROM messages ORDER BY kafka_offset"), ElementsAre("1", "2"));
}

TEST_F(PostgresStoreTest, TellsWhichIdsAreStoredWithAnotherText) {
  const auto first = make_message("first");
  auto second = first;
  second.text = "second";
  ASSERT_FALSE(store({make_row(first, 0, 1)}).failure);
  const auto outcome = store({make_row(0, 2), make_row(second, 0, 3), make_row(first, 0, 4)});
  ASSERT_FALSE(outcome.failure) << outcome.failure->message;
  EXPECT_EQ(outcome.inserted, 1u);
  EXPECT_EQ(outcome.duplicates, 1u);
  EXPECT_THAT(outcome.reused, ElementsAre(1u));
  EXPECT_THAT(column("SELECT text FROM messages WHERE kafka_offset = 1"), ElementsAre("first"));
}

TEST_F(PostgresStoreTest, KeepsTheFirstTextOfAnIdThatComesTwiceInOneBatch) {
  const auto first = make_message("z comes first");
  auto second = first;
  second.text = "a comes second";
  EXPECT_THAT(store({make_row(first, 0, 1), make_row(second, 0, 2)}).reused, ElementsAre(1u));
  EXPECT_THAT(column("SELECT text FROM messages"), ElementsAre("z comes first"));
}

TEST_F(PostgresStoreTest, TakesTheSameIdInTwoRooms) {
  const auto here = make_message("here", "room-1");
  auto there = here;
  there.room = "room-2";
  there.text = "there";
  EXPECT_EQ(store({make_row(here, 0, 1), make_row(there, 1, 1)}).inserted, 2u);
}

TEST_F(PostgresStoreTest, TakesTheSameNumberTwice) {
  EXPECT_EQ(store({make_row(make_message("one"), 0, 1), make_row(make_message("two"), 0, 2)}).inserted, 2u);
  EXPECT_THAT(column("SELECT count(DISTINCT (epoch, seq)) FROM messages"), ElementsAre("1"));
}

TEST_F(PostgresStoreTest, TakesTheLongestTextOfTheWidestCharacters) {
  std::string text;
  for (std::size_t i = 0; i < max_text_characters; ++i) text += "\xF0\x9F\x98\x80";
  ASSERT_FALSE(store({make_row(0, 1, text)}).failure);
  EXPECT_THAT(column("SELECT text FROM messages"), ElementsAre(text));
}

TEST_F(PostgresStoreTest, TakesTheLargestNumbersOfTheProtocol) {
  auto message = make_message();
  message.cursor = {max_json_integer, max_json_integer};
  message.sent_at = max_json_integer;
  const auto outcome = store({make_row(message, 0, 1)});
  ASSERT_FALSE(outcome.failure) << outcome.failure->message;
}

TEST_F(PostgresStoreTest, RaisesPositionsButNeverLowersThem) {
  ASSERT_FALSE(store({}, {{0, 10}, {1, 5}}).failure);
  ASSERT_FALSE(store({}, {{0, 7}, {1, 6}, {2, 1}}).failure);
  EXPECT_THAT(column("SELECT partition || ':' || next_offset FROM positions ORDER BY partition"),
              ElementsAre("0:10", "1:6", "2:1"));
}

TEST_F(PostgresStoreTest, StoresRowsAndPositionsTogetherOrNotAtAll) {
  run("ALTER TABLE positions ADD CHECK (next_offset < 100)");
  const auto outcome = store({make_row(0, 1)}, {{0, 100}});
  ASSERT_TRUE(outcome.failure);
  EXPECT_EQ(outcome.inserted, 0u);
  EXPECT_THAT(column("SELECT count(*) FROM messages"), ElementsAre("0"));
}

TEST_F(PostgresStoreTest, CallsARowThatTheTableRefusesPoison) {
  run("ALTER TABLE messages ADD CHECK (text <> 'poison')");
  const auto outcome = store({make_row(0, 1), make_row(0, 2, "poison")});
  ASSERT_TRUE(outcome.failure);
  EXPECT_EQ(outcome.failure->response, Response::poison);
  EXPECT_EQ(outcome.failure->message.find("poison'"), std::string::npos) << "no text in what is logged";
}

TEST_F(PostgresStoreTest, CallsARowPoisonThatIsDroppedWithoutAnError) {
  run("CREATE FUNCTION drop_bad() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
      "IF NEW.text = 'bad' THEN RETURN NULL; END IF; RETURN NEW; END $$; CREATE TRIGGER drop_bad "
      "BEFORE INSERT ON messages FOR EACH ROW EXECUTE FUNCTION drop_bad()");
  const std::vector<Row> rows = {make_row(0, 1, "good"), make_row(0, 2, "bad")};
  const auto outcome = store(rows);
  ASSERT_TRUE(outcome.failure);
  EXPECT_EQ(outcome.failure->response, Response::poison);
  EXPECT_THAT(column("SELECT count(*) FROM messages"), ElementsAre("0"));
  EXPECT_FALSE(store({rows[0]}).failure);
}

TEST_F(PostgresStoreTest, CallsARowPoisonWhoseValuesAnotherUniqueIndexHas) {
  run("CREATE UNIQUE INDEX ON messages (text)");
  ASSERT_FALSE(store({make_row(0, 1, "once")}).failure);
  const auto outcome = store({make_row(0, 2, "once")});
  ASSERT_TRUE(outcome.failure) << "it is no duplicate";
  EXPECT_EQ(outcome.failure->response, Response::poison);
}

TEST_F(PostgresStoreTest, CallsAMissingColumnAnAlarmAndNotPoison) {
  run("ALTER TABLE messages DROP COLUMN sender_name");
  const auto outcome = store({make_row(0, 1)});
  ASSERT_TRUE(outcome.failure);
  EXPECT_EQ(outcome.failure->response, Response::alarm);
}

/// An old owner of a partition that does not know yet, and the new one, store the same messages in their own
/// orders.
TEST_F(PostgresStoreTest, I1TwoOwnersOfAPartitionDoNotDeadlock) {
  std::vector<Row> rows;
  rows.reserve(200);
  for (int i = 0; i < 200; ++i) rows.push_back(make_row(0, i));
  std::vector<Row> reversed(rows.rbegin(), rows.rend());
  Database other_database(settings_);
  PostgresStore other(other_database, "MESSAGES");
  const auto advances = test::advances_to(other, {{0, 200}});
  for (int round = 0; round < 5; ++round) {
    run("TRUNCATE messages");
    std::latch both(2);
    StoreOutcome theirs;
    std::thread thread([&] {
      both.arrive_and_wait();
      theirs = other.store(reversed, advances, {}, {});
    });
    both.arrive_and_wait();
    const auto mine = store_->store(rows, advances, {}, {});
    thread.join();
    ASSERT_FALSE(mine.failure) << mine.failure->message;
    ASSERT_FALSE(theirs.failure) << theirs.failure->message;
    EXPECT_EQ(mine.inserted + theirs.inserted, 200u);
  }
}

TEST_F(PostgresStoreTest, StoresAgainWhatACutCommitMayHaveStored) {
  const std::vector<Row> rows = {make_row(0, 1), make_row(0, 2)};
  ASSERT_FALSE(store(rows).failure);
  chat::test::PostgresServer::running().stop();
  const auto away = store(rows);
  chat::test::PostgresServer::running();
  ASSERT_TRUE(away.failure);
  EXPECT_EQ(away.failure->response, Response::pause);
  EXPECT_EQ(store(rows).duplicates, 2u);
}

TEST_F(PostgresStoreTest, RehearsesWithoutATrace) {
  const auto failure = store_->rehearse();
  ASSERT_FALSE(failure) << failure->message;
  for (const char* const table : {"messages", "positions", "void_numbers"})
    EXPECT_THAT(column("SELECT count(*) FROM " + std::string(table)), ElementsAre("0")) << table;
}

TEST_F(PostgresStoreTest, FindsWithARehearsalWhatTheNextMessageWouldMeet) {
  run("CREATE ROLE reader; GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader");
  postgres::DatabaseSettings weak = settings_;
  weak.url += "&options=-c%20role%3Dreader";
  Database weak_database(weak);
  const auto refused = PostgresStore(weak_database, "MESSAGES").rehearse();
  run("DROP OWNED BY reader; DROP ROLE reader");
  ASSERT_TRUE(refused);
  EXPECT_EQ(postgres::trouble_of(*refused).cause, "privilege");
  for (const char* const table : {"messages", "positions", "void_numbers"}) {
    run("ALTER TABLE " + std::string(table) + " RENAME TO gone");
    const auto failure = store_->rehearse();
    run("ALTER TABLE gone RENAME TO " + std::string(table));
    ASSERT_TRUE(failure) << table;
    EXPECT_EQ(postgres::trouble_of(*failure).cause, "schema") << table;
  }
  EXPECT_FALSE(store_->rehearse());
}

TEST_F(PostgresStoreTest, TakesARuleThatRefusesOnlyTheRehearsedRowForNoFailure) {
  run("ALTER TABLE messages ADD CHECK (room = 'general')");
  EXPECT_FALSE(store_->rehearse());
  EXPECT_FALSE(store({make_row(0, 1)}).failure);
}

class PostgresStoreFloorTest : public PostgresStoreTest {
 protected:
  static Row row_of(std::int64_t seq) {
    auto message = make_message("number " + std::to_string(seq));
    message.cursor.seq = seq;
    return make_row(message, 0, seq);
  }
  void prune_to(std::int64_t seq) {
    const std::string number = std::to_string(make_message().cursor.epoch) + ", " + std::to_string(seq);
    run("INSERT INTO room_floors (room, epoch, seq) VALUES ('general', " + number +
        ") ON CONFLICT (room) DO UPDATE SET seq = excluded.seq; DELETE FROM messages WHERE seq <= " +
        std::to_string(seq) + "; INSERT INTO pruned_offsets VALUES (0, " + std::to_string(seq) + ")");
  }

  const std::vector<Row> rows_{row_of(1), row_of(2), row_of(3)};
};

TEST_F(PostgresStoreFloorTest, WhatWasDeletedDoesNotComeBackWhenItIsReadAgain) {
  ASSERT_EQ(store(rows_).inserted, 3u);
  prune_to(2);
  const auto again = store(rows_, {{0, 4}});
  ASSERT_FALSE(again.failure) << again.failure->message;
  EXPECT_EQ(again.inserted, 0u);
  EXPECT_EQ(again.pruned, 2u);
  EXPECT_EQ(again.duplicates, 1u);
  EXPECT_THAT(again.elsewhere, IsEmpty());
  EXPECT_THAT(column("SELECT text FROM messages"), ElementsAre("number 3"));
  EXPECT_THAT(column("SELECT next_offset FROM positions"), ElementsAre("4")) << "the position goes on";
  EXPECT_THAT(column("SELECT count(*) FROM void_numbers"), ElementsAre("0"));
}

TEST_F(PostgresStoreFloorTest, OnlyRecordsThatMayHaveBeenDeletedAreComparedWithTheFloors) {
  prune_to(2);
  ASSERT_FALSE(store_->positions().failure);
  auto late = make_message("late");
  late.cursor.seq = 1;
  EXPECT_EQ(store({make_row(late, 0, 3)}).inserted, 1u)
      << "hidden from readers, and the next prune deletes it";
  EXPECT_EQ(store({row_of(1), row_of(3)}).pruned, 1u) << "one of them may";
}

TEST_F(PostgresStoreFloorTest, AFloorOfAnotherRoomAndNewerNumbersChangeNothing) {
  prune_to(2);
  auto other = make_message("other", "other");
  EXPECT_EQ(store({row_of(3), make_row(other, 0, 9)}).inserted, 2u);
}

TEST_F(PostgresStoreFloorTest, RowsOfEarlierPartsThatWereDeletedMeanwhileAreNotLost) {
  ASSERT_EQ(store(rows_).inserted, 3u);
  prune_to(2);
  std::vector<RowKey> earlier;
  for (const Row& row : rows_) earlier.push_back({0, row.message.room, row.message.id, row.message.cursor});
  const auto outcome = store_->store({}, test::advances_to(*store_, {{0, 4}}), {}, earlier);
  EXPECT_THAT(outcome.behind, IsEmpty());
  run("DELETE FROM messages");
  EXPECT_TRUE(store_->store({}, test::advances_to(*store_, {{0, 5}}), {}, earlier).has_lost_rows);
}

TEST_F(PostgresStoreFloorTest, ADeadLettersNumberBelowTheFloorIsNotNoted) {
  prune_to(2);
  const Cursor number = rows_[0].message.cursor;
  EXPECT_FALSE(store({}, {{0, 4}}, {{0, "general", number}, {0, "general", {number.epoch, 3}}}).failure);
  EXPECT_THAT(column("SELECT seq FROM void_numbers"), ElementsAre("3"));
}

}  // namespace
}  // namespace chat::persister
