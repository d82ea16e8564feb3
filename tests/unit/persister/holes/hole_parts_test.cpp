// The hole finder's parts, each on its own: the scan, the recheck and the comparisons.
#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <prometheus/counter.h>

#include "persister/holes/active_room_scan.hpp"
#include "persister/holes/room_comparisons.hpp"
#include "persister/holes/watermark_recheck.hpp"
#include "persister/migrations/migrate.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/postgres_server.hpp"
#include "tests/unit/gateway/bus/store_fixture.hpp"

namespace chat::persister {
namespace {

using std::chrono::milliseconds;

class NoReceipts : public Receipts {
 public:
  void resolved(std::vector<ResolvedNumbers> rooms) override { calls += rooms.size(); }
  void revoked(const std::vector<std::int32_t>&) override {}
  std::size_t calls = 0;
};

class HolePartsTest : public chat::test::StoreTest {
 protected:
  static constexpr milliseconds period{15'000};

  void SetUp() override {
    StoreTest::SetUp();
    postgres::DatabaseSettings database;
    database.url = chat::test::PostgresServer::running().new_database();
    postgres::Database connection(database);
    if (const auto failure = migrate(connection, embedded_migrations()))
      throw std::runtime_error(failure->message);
    store_holes = std::make_unique<HoleStore>(database, "MESSAGES");
    database_.emplace(database);
    rooms = std::make_unique<RedisRooms>(server.settings(), metrics, redis::Timing{}, stop.get_token());
    ASSERT_TRUE(until([&] {
      rooms->serve_until(std::chrono::steady_clock::now() + milliseconds(1));
      return rooms->ready();
    }));
    comparisons =
        std::make_unique<RoomComparisons>(*rooms, *store_holes, receipts, hole_metrics, PageLimits{});
    sources.partition = [this](const std::string&) { return partition; };
  }

  ActiveRoomScan make_scan(std::size_t max_rooms = 100) {
    return {*rooms, sources, watches, *comparisons, clock, period, max_rooms};
  }
  WorkLimit limit() { return {clock, milliseconds{250}, stop.get_token()}; }
  ProvenRoom proven(const std::string& room, Cursor candidate) {
    return {room, 3, candidate, rooms->run_id(), {}};
  }
  void execute(const std::string& sql) {
    ASSERT_FALSE(database_->transact([&](postgres::Transaction& t) { t.execute(sql); }));
  }

  chat::test::ManualClock clock;
  std::stop_source stop;
  std::unique_ptr<RedisRooms> rooms;
  std::unique_ptr<HoleStore> store_holes;
  std::optional<postgres::Database> database_;
  NoReceipts receipts;
  HoleMetrics hole_metrics{metrics};
  std::unique_ptr<RoomComparisons> comparisons;
  RoomWatches watches{milliseconds{10'000}};
  kafka::ProgressSources sources;
  std::optional<std::int32_t> partition = 3;
};

TEST_F(HolePartsTest, a_scan_watches_the_active_rooms_of_its_partitions_once_a_period) {
  auto scan = make_scan();
  accept_text("one");
  scan.work({4}, limit());
  EXPECT_EQ(watches.size(), 0u) << "another persister's partition";
  scan.work({3}, limit());
  EXPECT_EQ(watches.size(), 0u) << "the next scan is not due";
  clock.sleep(period);
  scan.work({3}, limit());
  EXPECT_TRUE(watches.contains("general"));
}

TEST_F(HolePartsTest, a_scan_waits_while_there_are_as_many_rooms_as_may_be) {
  auto scan = make_scan(1);
  accept_text("one");
  watches.note(proven("another room", {1, 1}), clock.now());
  scan.work({3}, limit());
  EXPECT_FALSE(watches.contains("general"));
  watches.forget(3);
  scan.work({3}, limit());
  EXPECT_TRUE(watches.contains("general"));
}

TEST_F(HolePartsTest, a_scan_begins_again_where_Kafka_does_not_answer) {
  auto scan = make_scan();
  accept_text("one");
  partition.reset();
  scan.work({3}, limit());
  EXPECT_EQ(watches.size(), 0u);
  partition = 3;
  scan.work({3}, limit());
  EXPECT_TRUE(watches.contains("general"));
}

TEST_F(HolePartsTest, a_pass_counts_once_all_rooms_that_the_scan_noted_are_dealt_with) {
  auto scan = make_scan();
  accept_text("one");
  scan.work({3}, limit());
  clock.sleep(milliseconds{1'000});
  EXPECT_EQ(scan.since_last_pass(true), milliseconds{1'000});
  watches.forget(3);
  clock.sleep(milliseconds{1'000});
  EXPECT_EQ(scan.since_last_pass(true), milliseconds{2'000}) << "since the scan began";
  clock.sleep(milliseconds{1'000});
  EXPECT_EQ(scan.since_last_pass(false), milliseconds{0}) << "without partitions there is nothing to find";
}

TEST_F(HolePartsTest, a_comparison_stores_what_only_the_stream_has) {
  const Cursor first = accept_text("one").cursor;
  const Cursor last = accept_text("two").cursor;
  comparisons->add(proven("general", last));
  EXPECT_TRUE(comparisons->contains("general"));
  const auto outcome = comparisons->work({3}, limit());
  EXPECT_FALSE(outcome.is_redis_lost);
  EXPECT_FALSE(outcome.failure);
  EXPECT_TRUE(comparisons->empty());
  EXPECT_EQ(hole_metrics.stored.Value(), 2);
  EXPECT_EQ(receipts.calls, 1u);
  EXPECT_EQ(first.epoch, last.epoch);
}

TEST_F(HolePartsTest, a_comparison_drops_rooms_of_other_partitions_and_of_another_redis) {
  const Cursor last = accept_text("one").cursor;
  comparisons->add(proven("general", last));
  EXPECT_FALSE(comparisons->work({4}, limit()).is_redis_lost);
  EXPECT_TRUE(comparisons->empty());
  auto room = proven("general", last);
  room.run = "another run";
  comparisons->add(room);
  comparisons->work({3}, limit());
  EXPECT_TRUE(comparisons->empty());
  EXPECT_EQ(hole_metrics.stored.Value(), 0);
}

TEST_F(HolePartsTest, a_recheck_takes_away_the_watermarks_of_partitions_that_lost_rows) {
  WatermarkRecheck recheck(*rooms, *store_holes, sources, clock, period);
  EXPECT_TRUE(recheck.begin_where_due({3}).empty());
  redis({"SET", "chat:{general}:stored", "5-7"});
  execute(
      "INSERT INTO positions (topic, partition, next_offset, generation, rooms_unchecked) "
      "VALUES ('MESSAGES', 3, 5, 7, true)");
  EXPECT_TRUE(recheck.begin_where_due({3}).empty()) << "PostgreSQL is asked once a period";
  clock.sleep(period);
  EXPECT_EQ(recheck.begin_where_due({3}), (std::vector<std::int32_t>{3}));
  EXPECT_FALSE(recheck.work(limit()));
  EXPECT_EQ(redis({"EXISTS", "chat:{general}:stored"}), "0");
  clock.sleep(period);
  EXPECT_TRUE(recheck.begin_where_due({3}).empty()) << "it is noted as done";
}

}  // namespace
}  // namespace chat::persister
