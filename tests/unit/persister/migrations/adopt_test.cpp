// A database of the old system becomes ours: its rows are messages of room general, and nothing of it goes.
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "persister/migrations/migrate.hpp"
#include "tests/support/postgres_server.hpp"

namespace chat::persister {
namespace {

using postgres::Database;
using postgres::Transaction;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// As `prisma migrate` writes it.
constexpr const char* prisma_table =
    "CREATE TABLE \"messages\" (\"id\" TEXT NOT NULL, \"text\" TEXT NOT NULL, "
    "\"created_at\" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP, "
    "CONSTRAINT \"messages_pkey\" PRIMARY KEY (\"id\"))";

class AdoptTest : public ::testing::Test {
 protected:
  AdoptTest() { settings_.url = chat::test::PostgresServer::running().new_database(); }

  std::vector<std::string> column(const std::string& sql) {
    Database database(settings_);
    std::vector<std::string> values;
    const auto failure = database.transact([&](Transaction& t) {
      for (const auto& row : t.execute(sql).rows) values.push_back(row.at(0).value_or("NULL"));
    });
    if (failure) values = {failure->message};
    return values;
  }

  void execute(const std::string& sql) { EXPECT_THAT(column(sql), ElementsAre()); }

  void adopt() {
    Database database(settings_);
    const auto failure = migrate(database, embedded_migrations());
    EXPECT_FALSE(failure) << failure->message;
  }

  postgres::DatabaseSettings settings_;
};

TEST_F(AdoptTest, PutsTheRowsIntoRoomGeneralInTheOrderOfTimeAndThenOfId) {
  execute(prisma_table);
  execute(
      "INSERT INTO messages VALUES ('cltwo', 'second', '2024-05-01 10:00:00.001'), "
      "('clone', 'first', '2024-05-01 10:00:00.001'), "
      "('fb7c1a52-5d2e-4d6c-8f0a-2f9b6d1e3c44', 'oldest', '2024-04-30 23:59:59.999')");
  adopt();
  EXPECT_THAT(column("SELECT text FROM messages ORDER BY epoch, seq"),
              ElementsAre("oldest", "first", "second"));
  EXPECT_THAT(column("SELECT DISTINCT concat_ws(' ', room, epoch, sender, sender_name, kafka_partition, "
                     "kafka_offset) FROM messages"),
              ElementsAre("general 1 unknown unknown -1 -1"));
  EXPECT_THAT(column("SELECT seq FROM messages ORDER BY seq"), ElementsAre("1", "2", "3"));
}

TEST_F(AdoptTest, KeepsAUuidAsItIsAndMakesTheSameOneOfAnotherIdEachTime) {
  const std::string id =
      "SELECT id FROM messages WHERE text = 'made' OR text = 'kept' ORDER BY text = 'made'";
  std::vector<std::string> made;
  for (int i = 0; i < 2; ++i) {
    settings_.url = chat::test::PostgresServer::running().new_database();
    execute(prisma_table);
    execute(
        "INSERT INTO messages (id, text) VALUES ('0B7C1A52-5D2E-4D6C-8F0A-2F9B6D1E3C44', 'kept'), "
        "('clh3am8zz0000l508abcd', 'made')");
    adopt();
    const auto ids = column(id);
    ASSERT_EQ(ids.size(), 2u);
    EXPECT_EQ(ids[0], "0b7c1a52-5d2e-4d6c-8f0a-2f9b6d1e3c44");
    EXPECT_EQ(ids[1].at(14), '8') << "the version of a UUID that is made in a way of its own";
    EXPECT_THAT(std::string("89ab"), Contains(ids[1].at(19))) << "the variant";
    made.push_back(ids[1]);
  }
  EXPECT_EQ(made[0], made[1]);
}

TEST_F(AdoptTest, TakesATimeWithoutAZoneAsUtcWhateverTheServersZone) {
  execute(
      "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET TimeZone = ''Asia/Tokyo''', "
      "current_database()); END $$");
  execute(prisma_table);
  execute("INSERT INTO messages VALUES ('a', 'b', '2024-05-01 10:00:00.125')");
  adopt();
  EXPECT_THAT(column("SELECT (extract(epoch FROM sent_at) * 1000)::bigint FROM messages"),
              ElementsAre("1714557600125"));
}

TEST_F(AdoptTest, TakesATimeWithAZoneAsItIsAndAMissingOneAsTheEarliest) {
  execute("CREATE TABLE messages (id uuid, text varchar(9), created_at timestamptz)");
  execute(
      "INSERT INTO messages VALUES (gen_random_uuid(), 'zoned', '2024-05-01 12:00:00.125+02'), "
      "(gen_random_uuid(), 'missing', NULL), (gen_random_uuid(), 'endless', 'infinity')");
  adopt();
  EXPECT_THAT(
      column("SELECT text || ' ' || (extract(epoch FROM sent_at) * 1000)::bigint FROM messages ORDER BY 1"),
      ElementsAre("endless 0", "missing 0", "zoned 1714557600125"));
  EXPECT_THAT(column("SELECT text FROM messages WHERE seq = 3"), ElementsAre("zoned"));
}

TEST_F(AdoptTest, LeavesWhatNoMessageMayBeInTheOldTableAloneAndCountsIt) {
  execute("CREATE TABLE messages (id text, text text, created_at timestamp DEFAULT now())");
  execute(
      "INSERT INTO messages VALUES ('a', NULL), ('b', ''), ('c', repeat('x', 4001)), (NULL, 'no id'), "
      "('d', repeat('\u00e4', 4000))");
  testing::internal::CaptureStdout();
  adopt();
  EXPECT_THAT(testing::internal::GetCapturedStdout(),
              HasSubstr("1 of 5 messages of the old table are in room general now; all stay in "
                        "messages_of_old_system as well"));
  EXPECT_THAT(column("SELECT length(text) FROM messages"), ElementsAre("4000"));
  EXPECT_THAT(column("SELECT count(*) FROM messages_of_old_system"), ElementsAre("5"));
}

TEST_F(AdoptTest, KeepsViewsAndForeignKeysOnTheOldTable) {
  execute(prisma_table);
  execute("INSERT INTO messages VALUES ('a', 'hello')");
  execute(
      "CREATE TABLE likes (message_id text REFERENCES messages (id)); INSERT INTO likes VALUES ('a'); "
      "CREATE VIEW texts AS SELECT text FROM messages");
  adopt();
  EXPECT_THAT(column("SELECT text FROM texts"), ElementsAre("hello"));
  EXPECT_THAT(column("SELECT confrelid::regclass FROM pg_constraint WHERE conrelid = 'likes'::regclass"),
              ElementsAre("messages_of_old_system"));
  EXPECT_THAT(column("INSERT INTO likes VALUES ('nothing')"), ElementsAre(HasSubstr("foreign key")));
}

TEST_F(AdoptTest, OldIndexesWithTheNamesOfOursMakeWay) {
  execute(prisma_table);
  execute(
      "CREATE INDEX messages_created_at ON messages (created_at); "
      "CREATE INDEX messages_room_epoch_seq ON messages (text)");
  adopt();
  EXPECT_THAT(
      column("SELECT indexname FROM pg_indexes WHERE tablename LIKE 'messages%' ORDER BY tablename, 1"),
      ElementsAre("messages_created_at", "messages_pkey", "messages_room_epoch_seq",
                  "messages_of_old_system_created_at", "messages_of_old_system_pkey",
                  "messages_of_old_system_room_epoch_seq"));
}

TEST_F(AdoptTest, ADatabaseOfOursStaysAsItIs) {
  Database database(settings_);
  ASSERT_FALSE(migrate(database, {embedded_migrations()[1]}));
  execute(
      "INSERT INTO messages VALUES (gen_random_uuid(), 'general', 1700000000000, 1, 's', 's', 't', now(), "
      "now(), 0, 0)");
  adopt();
  EXPECT_THAT(column("SELECT epoch FROM messages"), ElementsAre("1700000000000"));
  EXPECT_THAT(column("SELECT count(*) FROM pg_class WHERE relname = 'messages_of_old_system'"),
              ElementsAre("0"));
}

TEST_F(AdoptTest, ATableOfAnotherShapeIsNotTouchedAndStopsTheStart) {
  execute("CREATE TABLE messages (id int, body text)");
  Database database(settings_);
  const auto failure = migrate(database, embedded_migrations());
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->response, postgres::Response::alarm);
  EXPECT_THAT(failure->message, HasSubstr("relation \"messages\" already exists"));
}

TEST_F(AdoptTest, ManyThatStartAtOnceAdoptALargeTableOnce) {
  execute(prisma_table);
  execute("INSERT INTO messages SELECT 'cl' || i, 'text ' || i, now() FROM generate_series(1, 50000) AS i");
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i) threads.emplace_back([this] { adopt(); });
  for (auto& thread : threads) thread.join();
  EXPECT_THAT(column("SELECT count(*) || ' ' || count(DISTINCT id) || ' ' || max(seq) FROM messages"),
              ElementsAre("50000 50000 50000"));
}

}  // namespace
}  // namespace chat::persister
