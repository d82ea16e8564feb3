#include "persister/receipts/redis_receipts.hpp"

#include <thread>

#include "common/base/context_thread.hpp"
#include "tests/unit/persister/receipts/receipts_fixture.hpp"

namespace chat::persister {
namespace {

using std::chrono::milliseconds;

class RedisReceiptsTest : public test::ReceiptsFixture {
 protected:
  std::vector<NumberRange> heard_ranges() const {
    RangeSet all;
    for (const auto& text : heard_) {
      const StoredNumbers stored = parse_stored("general", text).value();
      for (const NumberRange& range : stored.ranges) all.add(range);
    }
    return all.ranges();
  }
};

TEST_F(RedisReceiptsTest, GathersABurstIntoFewPublications) {
  accept(1, 400);
  for (std::int64_t seq = 1; seq <= 400; ++seq) receipts_->resolved({numbers({{epoch, seq, seq}})});
  ASSERT_TRUE(until([&] { return has_been_told(); }));
  EXPECT_EQ(watermark(), entry_id(400));
  const std::vector<NumberRange> all = {{epoch, 1, 400}};
  ASSERT_TRUE(until([&] { return heard_ranges() == all; }));
  EXPECT_LE(heard_.size(), 3u);
  EXPECT_EQ(count("chat_persister_receipts_published_total"), static_cast<double>(heard_.size()));
}

TEST_F(RedisReceiptsTest, ServesAllRoomsThoughFewScriptsMayBeInFlight) {
  make_receipts({.max_calls = 2});
  std::vector<ResolvedNumbers> rooms;
  for (int i = 0; i < 50; ++i) {
    rooms.push_back(numbers({{epoch, 1, 1}}));
    rooms.back().room = "room-" + std::to_string(i);
  }
  receipts_->resolved(rooms);
  ASSERT_TRUE(until([&] { return has_been_told(); }));
  for (int i = 0; i < 50; ++i)
    EXPECT_EQ(redis({"GET", "chat:{room-" + std::to_string(i) + "}:stored"}), entry_id(1));
}

TEST_F(RedisReceiptsTest, KeepsWhatRedisDidNotTakeAndTellsItWhenRedisIsBack) {
  accept(1, 6);
  resolve({{epoch, 1, 2}});
  server_.kill();
  receipts_->resolved({numbers({{epoch, 4, 4}})});
  ASSERT_TRUE(until([&] { return !receipts_->connected(); }));
  receipts_->resolved({numbers({{epoch, 5, 5}})});
  server_.start();
  ASSERT_TRUE(until([&] { return receipts_->connected() && admin_.is_ready(); }));
  accept(1, 6);
  redis({"SET", stored_key, entry_id(2)});
  ASSERT_TRUE(until([&] { return has_been_told(); }));
  receipts_->resolved({numbers({{epoch, 3, 3}})});
  ASSERT_TRUE(until([&] { return has_been_told(); }));
  EXPECT_EQ(watermark(), entry_id(5));
}

TEST_F(RedisReceiptsTest, TellsAgainWhatAStoppedRedisMayNotHaveHeard) {
  accept(1, 3);
  server_.freeze();
  receipts_->resolved({numbers({{epoch, 1, 3}})});
  ASSERT_TRUE(until([&] { return !receipts_->connected(); }));
  EXPECT_GE(count("chat_persister_receipts_failed_total"), 1);
  server_.thaw();
  ASSERT_TRUE(until([&] { return receipts_->connected() && has_been_told(); }));
  EXPECT_EQ(watermark(), entry_id(3));
}

TEST_F(RedisReceiptsTest, TriesARefusedReceiptAgainAndHoldsUpNoOtherRoom) {
  redis({"SET", "chat:{broken}:log", "not a stream"});
  auto broken = numbers({{epoch, 1, 1}});
  broken.room = "broken";
  receipts_->resolved({broken});
  ASSERT_TRUE(until([&] { return count("chat_persister_receipts_failed_total") >= 2; }));
  receipts_->resolved({numbers({{epoch, 1, 1}})});
  ASSERT_TRUE(until([&] { return watermark() == entry_id(1); }));
  redis({"DEL", "chat:{broken}:log"});
  ASSERT_TRUE(until([&] { return has_been_told(); }));
  EXPECT_EQ(redis({"GET", "chat:{broken}:stored"}), entry_id(1));
}

TEST_F(RedisReceiptsTest, ForgetsTheRoomsOfARevokedPartition) {
  accept(1, 3);
  resolve({{epoch, 1, 1}, {epoch, 3, 3}});
  receipts_->revoked({0});
  resolve({{epoch, 2, 2}});
  EXPECT_EQ(watermark(), entry_id(2)) << "3 is the new owner's to tell";
}

TEST_F(RedisReceiptsTest, RoomsOfAPrefixHaveTheirOwnNames) {
  auto settings = server_.settings();
  settings.prefix = "t:";
  RedisReceipts other(context_, settings, metrics_);
  other.start();
  other.resolved({numbers({{epoch, 1, 1}})});
  ASSERT_TRUE(until([&] { return other.connected() && has_been_told(); }));
  EXPECT_EQ(redis({"GET", "t:chat:{general}:stored"}), entry_id(1));
  EXPECT_EQ(watermark(), "");
}

TEST_F(RedisReceiptsTest, TakesOneScriptsTimeToFinishAndGivesUpAtItsLimit) {
  accept(1, 3);
  receipts_->resolved({numbers({{epoch, 1, 1}})});
  {
    const ContextThread thread(context_);
    EXPECT_TRUE(receipts_->finish(milliseconds{10'000}));
    server_.freeze();
    receipts_->resolved({numbers({{epoch, 2, 2}})});
    EXPECT_FALSE(receipts_->finish(milliseconds{50}));
  }
  server_.thaw();
  context_.restart();
  EXPECT_TRUE(until([&] { return admin_.is_ready(); }));
  ASSERT_TRUE(until([&] { return has_been_told(); }));
  EXPECT_EQ(watermark(), entry_id(2));
}

}  // namespace
}  // namespace chat::persister
