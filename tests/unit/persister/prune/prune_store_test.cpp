#include "persister/prune/prune_store.hpp"

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/wire/cursor.hpp"
#include "persister/migrations/migrate.hpp"
#include "tests/support/postgres_server.hpp"

namespace chat::persister {
namespace {

using postgres::Transaction;
using std::chrono::hours;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr Cursor no_floor{-1, 0};
constexpr Cursor no_cap{max_json_integer, max_json_integer};

class PruneStoreTest : public ::testing::Test {
 protected:
  PruneStoreTest() {
    settings_.url = chat::test::PostgresServer::running().new_database();
    postgres::Database database(settings_);
    if (const auto failure = migrate(database, embedded_migrations()))
      throw std::runtime_error(failure->message);
    store_.emplace(settings_);
  }

  /// Numbers `first` to `last` of epoch 7, stored `days` ago.
  void fill(const std::string& room, int first, int last, int days) {
    run("INSERT INTO messages (id, room, epoch, seq, sender, sender_name, text, sent_at, created_at, "
        "kafka_partition, kafka_offset) SELECT gen_random_uuid(), '" +
        room + "', 7, seq, 's', 's', 't', now(), now() - interval '" + std::to_string(days) +
        " days', 0, seq FROM generate_series(" + std::to_string(first) + ", " + std::to_string(last) +
        ") AS seq");
  }
  void run(const std::string& sql) {
    postgres::Database database(settings_);
    const auto failure = database.transact([&](Transaction& t) { t.execute(sql); });
    ASSERT_FALSE(failure) << failure->message;
  }
  std::vector<std::string> column(const std::string& sql) {
    postgres::Database database(settings_);
    std::vector<std::string> values;
    const auto failure = database.transact([&](Transaction& t) {
      for (const auto& row : t.execute(sql).rows) values.push_back(row.at(0).value_or("NULL"));
    });
    if (failure) values = {failure->message};
    return values;
  }
  void begin() { ASSERT_TRUE(store_->begin(hours{90 * 24}, seconds{600})); }

  postgres::DatabaseSettings settings_;
  std::optional<PruneStore> store_;
};

TEST_F(PruneStoreTest, FindsTheRoomsWhoseOldestMessageIsOld) {
  fill("old", 1, 3, 100);
  fill("mixed", 1, 1, 100);
  fill("mixed", 2, 3, 1);
  fill("young", 1, 3, 89);
  fill("left-over", 1, 2, 1);
  run("INSERT INTO room_floors VALUES ('left-over', 7, 2), ('mixed', 7, 0)");
  begin();
  const auto found = store_->rooms_after("");
  ASSERT_TRUE(found);
  EXPECT_THAT(found->rooms, ElementsAre("left-over", "mixed", "old"));
  EXPECT_EQ(found->last, "young");
  EXPECT_FALSE(store_->rooms_after("young")->last);
}

TEST_F(PruneStoreTest, ADayMoreOrLessDecides) {
  fill("r", 1, 1, 91);
  fill("r", 2, 2, 90);
  fill("r", 3, 3, 89);
  begin();
  const auto rows = store_->oldest("r", no_floor, no_cap, 10);
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->size(), 3U);
  EXPECT_TRUE((*rows)[0].is_old);
  EXPECT_TRUE((*rows)[1].is_old);
  EXPECT_FALSE((*rows)[2].is_old);
  EXPECT_EQ(store_->oldest("r", {7, 1}, {7, 2}, 10)->size(), 1U) << "between floor and cap";
}

TEST_F(PruneStoreTest, TheFloorRisesWithTheRowsThatGo) {
  fill("r", 1, 5, 100);
  fill("s", 1, 5, 100);
  begin();
  EXPECT_EQ(*store_->floor("r"), no_floor);
  EXPECT_EQ(*store_->raise("r", no_floor, {7, 2}), 2U);
  EXPECT_EQ(*store_->floor("r"), (Cursor{7, 2}));
  EXPECT_EQ(*store_->raise("r", {7, 2}, {7, 4}), 2U);
  EXPECT_THAT(column("SELECT room || seq FROM messages WHERE room = 'r' OR seq = 1 ORDER BY room"),
              ElementsAre("r5", "s1"));
  EXPECT_THAT(column("SELECT partition || ' ' || last_offset FROM pruned_offsets"), ElementsAre("0 4"));
  EXPECT_EQ(*store_->raise("r", no_floor, {7, 3}), 0U);
  EXPECT_EQ(*store_->floor("r"), (Cursor{7, 4})) << "a floor never sinks";
}

TEST_F(PruneStoreTest, ClearsRowsThatCameLateAndVoidNumbersBelowTheFloor) {
  fill("r", 1, 5, 1);
  run("INSERT INTO void_numbers (room, epoch, seq, reason) "
      "SELECT 'r', 7, seq, 'lost' FROM generate_series(1, 9) AS seq");
  begin();
  EXPECT_EQ(*store_->clear("r", {7, 3}, 2), 3U);
  EXPECT_THAT(column("SELECT seq FROM messages ORDER BY seq"), ElementsAre("4", "5"));
  EXPECT_THAT(column("SELECT min(seq) FROM void_numbers"), ElementsAre("4"));
}

TEST_F(PruneStoreTest, TwoPrunesExcludeEachOther) {
  fill("r", 1, 5, 100);
  begin();
  postgres::Database other(settings_);
  ASSERT_FALSE(other.transact([&](Transaction& transaction) {
    transaction.execute("SELECT pg_advisory_xact_lock(1886549358)");
    const auto refused = store_->raise("r", no_floor, {7, 2});
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("another prune"));
  }));
  EXPECT_THAT(column("SELECT count(*) FROM messages"), ElementsAre("5"));
  EXPECT_EQ(*store_->raise("r", no_floor, {7, 2}), 2U);
}

TEST_F(PruneStoreTest, RefusesADatabaseThatIsNotMigratedAndAClockThatIsOff) {
  const auto off = store_->begin(hours{24}, seconds{-1});
  ASSERT_FALSE(off);
  EXPECT_THAT(off.error().message, HasSubstr("clock"));
  run("DROP TABLE room_floors");
  const auto old = store_->begin(hours{24}, seconds{600});
  ASSERT_FALSE(old);
  EXPECT_THAT(old.error().message, HasSubstr("room_floors"));
}

TEST_F(PruneStoreTest, NoStatementScansTheTable) {
  for (int room = 0; room < 20; ++room) fill("room-" + std::to_string(room), 1, 2'000, 100);
  run("INSERT INTO room_floors SELECT 'room-' || n, 7, 10 FROM generate_series(0, 19) AS n");
  run("ANALYZE");
  const std::string scans = "SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'messages'";
  const auto before = column(scans);
  begin();
  EXPECT_EQ(store_->rooms_after("")->rooms.size(), 20U);
  EXPECT_EQ(*store_->clear("room-3", {7, 10}, 1'000), 10U);
  EXPECT_EQ(store_->oldest("room-3", {7, 10}, no_cap, 1'000)->size(), 1'000U);
  EXPECT_EQ(*store_->raise("room-3", {7, 10}, {7, 1'010}), 1'000U);
  store_.reset();  // a connection that ends gives its statistics
  EXPECT_EQ(column(scans), before);
}

}  // namespace
}  // namespace chat::persister
