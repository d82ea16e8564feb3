#include "persister/migrations/migrate.hpp"

#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/postgres_server.hpp"

namespace chat::persister {
namespace {

using postgres::Database;
using postgres::Response;
using postgres::Transaction;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class MigrateTest : public ::testing::Test {
 protected:
  MigrateTest() { settings_.url = chat::test::PostgresServer::running().new_database(); }

  std::vector<std::string> column(const std::string& sql) {
    Database database(settings_);
    std::vector<std::string> values;
    const auto failure = database.transact([&](Transaction& t) {
      for (const auto& row : t.execute(sql).rows) values.push_back(row.at(0).value_or("NULL"));
    });
    if (failure) values = {failure->message};
    return values;
  }

  postgres::DatabaseSettings settings_;
};

TEST_F(MigrateTest, MakesTheTablesOfTheDesign) {
  Database database(settings_);
  ASSERT_FALSE(migrate(database, embedded_migrations()));
  EXPECT_THAT(
      column("SELECT column_name || ' ' || data_type FROM information_schema.columns "
             "WHERE table_name = 'messages' ORDER BY ordinal_position"),
      ElementsAre("id uuid", "room text", "epoch bigint", "seq bigint", "sender text", "sender_name text",
                  "text text", "sent_at timestamp with time zone", "created_at timestamp with time zone",
                  "kafka_partition integer", "kafka_offset bigint", "id_as_sent text"));
  EXPECT_THAT(column("SELECT substring(indexdef FROM '\\(.*') FROM pg_indexes WHERE tablename = 'messages' "
                     "ORDER BY 1"),
              ElementsAre("(created_at)", "(room, epoch, seq)", "(room, id)"));
  EXPECT_THAT(column("SELECT column_name FROM information_schema.columns WHERE table_name = 'positions' "
                     "ORDER BY ordinal_position"),
              ElementsAre("partition", "next_offset", "topic", "record_hash", "generation", "rooms_unchecked",
                          "proven_offset", "proven_hash"));
}

TEST_F(MigrateTest, AppliesEachOnce) {
  Database database(settings_);
  const std::vector<Migration> first = {{1, "0001_a", "CREATE TABLE a (x int)"}};
  const std::vector<Migration> both = {first[0],
                                       {2, "0002_b", "CREATE TABLE b (x int); INSERT INTO a VALUES (1)"}};
  EXPECT_FALSE(migrate(database, first));
  EXPECT_FALSE(migrate(database, both));
  EXPECT_FALSE(migrate(database, both));
  EXPECT_THAT(column("SELECT count(*) FROM a"), ElementsAre("1"));
  EXPECT_THAT(column("SELECT name FROM schema_migrations ORDER BY number"), ElementsAre("0001_a", "0002_b"));
}

TEST_F(MigrateTest, AppliesEachOnceThoughManyStartAtOnce) {
  const std::vector<Migration> migrations = {
      {1, "0001_slow", "CREATE TABLE a (x int); SELECT pg_sleep(0.1); INSERT INTO a VALUES (1)"},
      {2, "0002_more", "INSERT INTO a VALUES (2)"}};
  std::vector<std::optional<postgres::Failure>> failures(6);
  std::vector<std::thread> threads;
  threads.reserve(failures.size());
  for (auto& failure : failures) {
    threads.emplace_back([&] {
      Database database(settings_);
      failure = migrate(database, migrations);
    });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& failure : failures) EXPECT_FALSE(failure) << failure->message;
  EXPECT_THAT(column("SELECT x FROM a ORDER BY x"), ElementsAre("1", "2"));
}

TEST_F(MigrateTest, LeavesNothingOfAFailedOneAndNamesIt) {
  Database database(settings_);
  const auto failure = migrate(database, {{1, "0001_bad", "CREATE TABLE a (x int); SELECT * FROM missing"}});
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->response, Response::alarm);
  EXPECT_THAT(failure->message, HasSubstr("migration 0001_bad failed: "));
  EXPECT_THAT(column("SELECT to_regclass('a')"), ElementsAre("NULL"));
  EXPECT_THAT(column("SELECT to_regclass('schema_migrations')"), ElementsAre("NULL"));
}

TEST_F(MigrateTest, NeedsNoRightToMakeTablesWhereAllIsApplied) {
  Database database(settings_);
  ASSERT_FALSE(migrate(database, embedded_migrations()));
  ASSERT_FALSE(database.transact([](Transaction& t) {
    t.execute(
        "CREATE ROLE plain_writer LOGIN PASSWORD 'plain'; GRANT SELECT ON schema_migrations TO plain_writer");
  }));
  auto weak_settings = settings_;
  const auto user_end = weak_settings.url.find('@');
  weak_settings.url = "postgresql://plain_writer:plain" + weak_settings.url.substr(user_end);
  Database weak(weak_settings);
  EXPECT_FALSE(migrate(weak, embedded_migrations()));
  auto more = embedded_migrations();
  more.push_back({static_cast<int>(more.size()), "9999_more", "CREATE TABLE more (x int)"});
  const auto failure = migrate(weak, more);
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->response, Response::alarm);
}

TEST_F(MigrateTest, PausesWhereTheServerIsAway) {
  Database database(settings_);
  chat::test::PostgresServer::running().stop();
  const auto failure = migrate(database, embedded_migrations());
  chat::test::PostgresServer::running();
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->response, Response::pause);
}

TEST(EmbeddedMigrations, AreNumberedDenselyFromZero) {
  int expected = 0;
  for (const auto& migration : embedded_migrations())
    EXPECT_EQ(migration.number, expected++) << migration.name;
  EXPECT_GT(expected, 1);
}

}  // namespace
}  // namespace chat::persister
