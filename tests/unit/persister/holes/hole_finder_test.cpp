#include "persister/holes/hole_finder.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>

#include "persister/migrations/migrate.hpp"
#include "persister/store/postgres_store.hpp"
#include "tests/support/postgres_server.hpp"
#include "tests/unit/gateway/bus/store_fixture.hpp"
#include "tests/unit/persister/records.hpp"
#include "tests/unit/persister/store/advances.hpp"

namespace chat::persister {
namespace {

using postgres::Database;
using postgres::Transaction;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class KeptReceipts : public Receipts {
 public:
  void resolved(std::vector<ResolvedNumbers> rooms) override {
    const std::lock_guard lock(mutex_);
    for (const ResolvedNumbers& room : rooms) {
      stored_.insert(room.stored.begin(), room.stored.end());
      voids_.insert(room.voids.begin(), room.voids.end());
      partition_ = room.partition;
    }
  }
  void revoked(const std::vector<std::int32_t>&) override {}

  std::set<Cursor> stored() const {
    const std::lock_guard lock(mutex_);
    return stored_;
  }
  std::set<Cursor> voids() const {
    const std::lock_guard lock(mutex_);
    return voids_;
  }
  std::int32_t partition() const {
    const std::lock_guard lock(mutex_);
    return partition_;
  }

 private:
  mutable std::mutex mutex_;
  std::set<Cursor> stored_;
  std::set<Cursor> voids_;
  std::int32_t partition_ = -1;
};

/// A real Redis and PostgreSQL; of Kafka only what the finder asks.
class HoleFinderTest : public chat::test::StoreTest {
 protected:
  static constexpr std::int32_t partition = 3;

  HoleFinderTest() : StoreTest({"--appendonly", "yes", "--appendfsync", "always"}) {
    database_settings.url = chat::test::PostgresServer::running().new_database();
    Database database(database_settings);
    if (const auto failure = migrate(database, embedded_migrations()))
      throw std::runtime_error(failure->message);
    owned.assign({partition});
    options.period = milliseconds(20);
    options.produce_time = milliseconds(40);
    options.turn = milliseconds(5);
    options.timing.first_backoff = milliseconds(2);
  }

  void start() {
    kafka::ProgressSources kafka;
    kafka.partition = [this](const std::string&) {
      ++looks;
      return std::optional(partition);
    };
    kafka.end_offset = [this](std::int32_t) {
      ++asked;
      return end >= 0 ? std::optional(end.load()) : std::nullopt;
    };
    kafka.proves = [this](std::int32_t, const StoredPosition&) {
      ++proofs_asked;
      return proof.load();
    };
    finder = std::make_unique<HoleFinder>(server.settings(), database_settings, std::move(kafka), owned,
                                          receipts, metrics, options);
  }

  std::vector<std::string> column(const std::string& sql) {
    Database database(database_settings);
    std::vector<std::string> values;
    const auto failure = database.transact([&](Transaction& t) {
      for (const auto& row : t.execute(sql).rows) values.push_back(row.at(0).value_or("NULL"));
    });
    if (failure) values = {failure->message};
    return values;
  }
  std::vector<std::string> rows() { return column("SELECT text FROM messages ORDER BY epoch, seq"); }
  std::vector<std::string> voids() {
    return column("SELECT seq || ' ' || reason FROM void_numbers ORDER BY epoch, seq");
  }

  /// The record reached Kafka and the persister: its row and a position.
  void store_record(const gateway::AcceptRequest& asked_for, Cursor cursor, std::int64_t next_offset) {
    auto message = test::make_message(asked_for.text, asked_for.room);
    message.id = asked_for.id;
    message.cursor = cursor;
    Database database(database_settings);
    const std::vector<Row> records{test::make_row(message, partition, next_offset - 1)};
    PostgresStore rows_store(database, "MESSAGES");
    const auto advances = test::advances_to(rows_store, {{partition, next_offset}});
    ASSERT_FALSE(rows_store.store(records, advances, {}, {}).failure);
  }
  void set_position(std::int64_t next_offset) {
    column("INSERT INTO positions (topic, partition, next_offset, generation) VALUES ('MESSAGES', 3, " +
           std::to_string(next_offset) +
           ", 7) ON CONFLICT (topic, partition) DO UPDATE SET next_offset = EXCLUDED.next_offset");
  }
  void set_watermark(Cursor cursor) {
    redis({"SET", "chat:{general}:stored", std::to_string(cursor.epoch) + "-" + std::to_string(cursor.seq)});
  }

  double stored_count() { return metrics.counter("chat_holes_stored_total", "").Value(); }
  double lost_count() { return metrics.counter("chat_holes_lost_total", "").Value(); }
  /// 0 before the first pass.
  double since_last_pass() {
    const double last = metrics.gauge("chat_hole_finder_last_pass_timestamp_seconds", "").Value();
    const std::chrono::duration<double> now = std::chrono::system_clock::now().time_since_epoch();
    return last == 0 ? 0 : now.count() - last;
  }
  double watched() { return metrics.gauge("chat_hole_finder_rooms", "").Value(); }

  /// Kafka was asked so often from here on: the finder has had its turns.
  bool turns(int count) {
    const int wanted = asked + count;
    return until([&] { return asked >= wanted; });
  }
  bool told(std::size_t count) {
    return until([&] { return receipts.stored().size() + receipts.voids().size() >= count; });
  }

  postgres::DatabaseSettings database_settings;
  OwnedPartitions owned;
  KeptReceipts receipts;
  HoleFinderOptions options;
  std::atomic<std::int64_t> end = 0;
  std::atomic<std::optional<bool>> proof{true};
  std::atomic<int> proofs_asked = 0;
  std::atomic<int> asked = 0;
  std::atomic<int> looks = 0;  // at a room
  std::unique_ptr<HoleFinder> finder;
};

TEST_F(HoleFinderTest, WhatAGatewayTriedIsNeverStoredAndLeavesTheActiveRoomsWithItsKeys) {
  accept_text("tried", "trial/g1");
  accept_text("shown");
  start();
  set_position(0);
  ASSERT_TRUE(told(1));
  redis({"DEL", "chat:{trial/g1}:meta", "chat:{trial/g1}:log"});
  ASSERT_TRUE(until([&] { return redis({"ZSCORE", "chat:active", "trial/g1"}).empty(); }));
  EXPECT_THAT(rows(), ElementsAre("shown"));
  EXPECT_THAT(voids(), IsEmpty());
}

TEST_F(HoleFinderTest, I3StoresWhatNeverReachedKafkaAlsoTheRoomsLastMessage) {
  const auto first = request("reached Kafka");
  const Cursor stored = accept(first).cursor;
  accept_text("lost in between");
  const auto third = request("reached Kafka too");
  const Cursor last_stored = accept(third).cursor;
  const Cursor last = accept_text("lost at the end").cursor;
  store_record(first, stored, 1);
  store_record(third, last_stored, 2);
  end = 2;
  start();
  ASSERT_TRUE(told(4));
  EXPECT_THAT(rows(),
              ElementsAre("reached Kafka", "lost in between", "reached Kafka too", "lost at the end"));
  EXPECT_EQ(stored_count(), 2);
  EXPECT_EQ(lost_count(), 0);
  EXPECT_EQ(receipts.partition(), partition);
  EXPECT_EQ(receipts.stored().size(), 4U);
  EXPECT_EQ(*receipts.stored().rbegin(), last);
}

TEST_F(HoleFinderTest, WhileThePersisterLagsNothingIsAHole) {
  const auto message = request("still in Kafka");
  const Cursor cursor = accept(message).cursor;
  set_position(6);
  end = 7;
  start();
  ASSERT_TRUE(until([&] { return watched() == 1; }));
  ASSERT_TRUE(until([&] { return since_last_pass() > 0.3; }));
  EXPECT_THAT(rows(), IsEmpty());
  store_record(message, cursor, 7);
  ASSERT_TRUE(told(1));
  EXPECT_EQ(stored_count() + lost_count(), 0);
  EXPECT_THAT(column("SELECT kafka_offset FROM messages"), ElementsAre("6"));
}

TEST_F(HoleFinderTest, WhileKafkaIsSilentNothingIsAHole) {
  accept_text("shown");
  end = -1;
  start();
  ASSERT_TRUE(turns(20));
  EXPECT_THAT(rows(), IsEmpty());
  EXPECT_EQ(watched(), 1);
  end = 0;
  ASSERT_TRUE(told(1));
  EXPECT_THAT(rows(), ElementsAre("shown"));
}

TEST_F(HoleFinderTest, APositionThatIsNotProvenMakesNoHole) {
  accept_text("shown");
  set_position(7);
  end = 5;
  proof = false;
  start();
  ASSERT_TRUE(until([&] { return proofs_asked >= 3; }));
  EXPECT_THAT(rows(), IsEmpty());
  proof = std::optional<bool>{};
  const int asked_before = proofs_asked;
  ASSERT_TRUE(until([&] { return proofs_asked >= asked_before + 3; }));
  EXPECT_THAT(rows(), IsEmpty());
  proof = true;
  ASSERT_TRUE(told(1));
  EXPECT_THAT(rows(), ElementsAre("shown"));
}

TEST_F(HoleFinderTest, I3AfterLostRowsARoomIsComparedFromItsBeginningThoughItsWatermarkIsHigh) {
  accept_text("lost with its row");
  const Cursor last = accept_text("and this").cursor;
  set_watermark(last);
  redis({"ZREM", "chat:active", "general"});
  set_position(0);
  column("UPDATE positions SET rooms_unchecked = true");
  start();
  ASSERT_TRUE(told(2));
  EXPECT_THAT(rows(), ElementsAre("lost with its row", "and this"));
  ASSERT_TRUE(until([&] { return column("SELECT rooms_unchecked FROM positions").front() == "f"; }));
}

TEST_F(HoleFinderTest, ANumberThatNobodyHasIsVoidAndCountedOnce) {
  accept_text("one");
  const Cursor lost = accept_text("two").cursor;
  accept_text("three");
  redis({"XDEL", "chat:{general}:log", std::to_string(lost.epoch) + "-" + std::to_string(lost.seq)});
  start();
  ASSERT_TRUE(told(3));
  EXPECT_THAT(receipts.voids(), ElementsAre(lost));
  EXPECT_THAT(rows(), ElementsAre("one", "three"));
  EXPECT_THAT(voids(), ElementsAre("2 lost"));
  ASSERT_TRUE(turns(20)) << "the watermark does not move, so the room comes again";
  EXPECT_EQ(lost_count(), 1);
  EXPECT_EQ(stored_count(), 2);
}

TEST_F(HoleFinderTest, ARoomWhoseWatermarkIsAtItsNewestNumberLeavesTheActiveOnes) {
  set_watermark(accept_text("stored").cursor);
  start();
  ASSERT_TRUE(until([&] { return redis({"ZCARD", "chat:active"}) == "0"; }));
  EXPECT_EQ(asked, 0) << "and costs neither Kafka nor PostgreSQL anything";
}

TEST_F(HoleFinderTest, RoomsOfOtherPartitionsAreLeftAlone) {
  accept_text("of another persister");
  owned.assign({partition + 1});
  start();
  ASSERT_TRUE(until([&] { return looks > 3; }));
  EXPECT_EQ(watched(), 0);
  EXPECT_EQ(asked, 0);
  owned.assign({partition});
  ASSERT_TRUE(told(1));
}

TEST_F(HoleFinderTest, APartitionThatIsLostDropsItsRooms) {
  accept_text("shown");
  end = 100;
  start();
  ASSERT_TRUE(until([&] { return watched() == 1; }));
  owned.revoke({partition});
  ASSERT_TRUE(until([&] { return watched() == 0; }));
  EXPECT_THAT(rows(), IsEmpty());
}

TEST_F(HoleFinderTest, ARedisThatLostItsDataMakesNothingVoid) {
  accept_text("shown");
  end = 1;
  start();
  ASSERT_TRUE(until([&] { return watched() == 1; }));
  ASSERT_TRUE(until([&] { return asked >= 1; }));
  redis({"FLUSHALL"});
  set_position(1);
  ASSERT_TRUE(until([&] { return watched() == 0; }));
  EXPECT_THAT(voids(), IsEmpty());
  EXPECT_EQ(lost_count(), 0);
}

TEST_F(HoleFinderTest, I3ARedisThatWasRestartedWithItsFileIsLookedAtAnew) {
  accept_text("shown");
  end = 1;
  start();
  ASSERT_TRUE(until([&] { return watched() == 1; }));
  server.kill();
  server.start();
  set_position(1);
  ASSERT_TRUE(told(1));
  EXPECT_THAT(rows(), ElementsAre("shown"));
}

TEST_F(HoleFinderTest, PostgresAwayIsWaitedFor) {
  accept_text("shown");
  start();
  ASSERT_TRUE(until([&] { return watched() == 1; }));
  chat::test::PostgresServer::running().stop();
  ASSERT_TRUE(until([&] { return since_last_pass() > 0.3; }));
  chat::test::PostgresServer::running();
  ASSERT_TRUE(told(1));
  EXPECT_THAT(rows(), ElementsAre("shown"));
  EXPECT_EQ(stored_count(), 1);
}

TEST_F(HoleFinderTest, I6WatchesABoundedNumberOfRoomsAtOnceAndTheOthersLater) {
  options.max_rooms = 20;
  constexpr int rooms = 260;
  // Each has one number, which nobody has.
  redis({"EVAL",
         "for i = 1, ARGV[1] do redis.call('ZADD', 'chat:active', 0, 'room-' .. i) "
         "redis.call('HSET', 'chat:{room-' .. i .. '}:meta', 'epoch', 5, 'seq', 1) end",
         "0", std::to_string(rooms)});
  end = -1;
  start();
  ASSERT_TRUE(until([&] { return watched() >= 20; }));
  ASSERT_TRUE(turns(5));
  const double first = watched();
  EXPECT_LT(first, rooms) << "no more than the rooms of the step that reached the bound";
  end = 0;
  ASSERT_TRUE(until([&] { return lost_count() > first; }));
}

TEST_F(HoleFinderTest, ALongRoomIsComparedInPages) {
  options.page.entries = 7;
  options.page.lacking = 5;
  constexpr int count = 40;
  Cursor last;
  for (int i = 0; i < count; ++i) last = accept_text("text " + std::to_string(i)).cursor;
  column("INSERT INTO messages SELECT gen_random_uuid(), 'general', " + std::to_string(last.epoch) +
         ", n, 'u1', 'Ann', 'trimmed', now(), now(), 3, n FROM generate_series(1, 17) AS n");
  redis({"XTRIM", "chat:{general}:log", "MINID", std::to_string(last.epoch) + "-18"});
  start();
  ASSERT_TRUE(told(count));
  EXPECT_EQ(receipts.stored().size(), std::size_t{count});
  EXPECT_EQ(stored_count(), count - 17);
  EXPECT_EQ(lost_count(), 0);
}

TEST_F(HoleFinderTest, EntriesOfAnOlderEpochAreComparedToo) {
  const Cursor old = accept_text("old").cursor;
  auto asked_for = request("new");
  asked_for.floor = old.epoch + 1;
  const Cursor newer = accept(asked_for).cursor;
  ASSERT_GT(newer.epoch, old.epoch);
  start();
  ASSERT_TRUE(told(2));
  EXPECT_THAT(rows(), ElementsAre("old", "new"));
  EXPECT_THAT(receipts.stored(), ElementsAre(old, newer));
}

}  // namespace
}  // namespace chat::persister
