#include "persister/holes/redis_rooms.hpp"

#include <chrono>
#include <memory>
#include <set>
#include <stop_token>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/gateway/bus/store_fixture.hpp"

namespace chat::persister {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class RedisRoomsTest : public chat::test::StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    rooms = std::make_unique<RedisRooms>(server.settings(), metrics, redis::Timing{}, stop.get_token());
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!rooms->ready() && std::chrono::steady_clock::now() < deadline)
      rooms->serve_until(std::chrono::steady_clock::now() + std::chrono::milliseconds(1));
    ASSERT_TRUE(rooms->ready());
  }

  RoomState look(const std::string& room = "general") {
    const auto states = rooms->look({room});
    EXPECT_TRUE(states);
    return states ? states->at(0) : RoomState{};
  }
  std::set<std::string> active() {
    std::set<std::string> all;
    std::string next = "0";
    do {
      const auto step = rooms->active(next);
      if (!step) break;
      all.insert(step->rooms.begin(), step->rooms.end());
      next = step->next;
    } while (next != "0");
    return all;
  }
  void set_watermark(Cursor cursor) {
    redis({"SET", "chat:{general}:stored", std::to_string(cursor.epoch) + "-" + std::to_string(cursor.seq)});
  }

  std::stop_source stop;
  std::unique_ptr<RedisRooms> rooms;
};

TEST_F(RedisRoomsTest, ARoomWithNewerNumbersThanItsWatermarkStaysActive) {
  accept_text("one");
  const Cursor newest = accept_text("two").cursor;
  EXPECT_EQ(look().newest, newest);
  EXPECT_EQ(look().watermark, Cursor{});
  set_watermark({newest.epoch, 1});
  EXPECT_EQ(look().watermark, (Cursor{newest.epoch, 1}));
  EXPECT_FALSE(look().is_resolved());
  EXPECT_THAT(active(), ElementsAre("general"));
  EXPECT_EQ(rooms->run_id(), admin.run_id());
}

TEST_F(RedisRoomsTest, ARoomLeavesTheActiveOnesWhenItsWatermarkIsAtItsNewestNumber) {
  const Cursor newest = accept_text("one").cursor;
  set_watermark(newest);
  EXPECT_TRUE(look().is_resolved());
  EXPECT_THAT(active(), IsEmpty());
  accept_text("two");
  EXPECT_FALSE(look().is_resolved());
  EXPECT_THAT(active(), ElementsAre("general")) << "in the same second, so with the same score";
}

TEST_F(RedisRoomsTest, ARoomThatIsGoneLeavesTheActiveOnes) {
  redis({"ZADD", "chat:active", "1", "gone"});
  EXPECT_EQ(look("gone").newest, Cursor{});
  EXPECT_THAT(active(), IsEmpty());
}

TEST_F(RedisRoomsTest, AHashThatAReadMadeForAnEmptyRoomHasNoNumber) {
  redis({"ZADD", "chat:active", "1", "general"});
  EXPECT_GT(read_last(0).newest.epoch, 0);
  EXPECT_TRUE(look().is_resolved());
  EXPECT_THAT(active(), IsEmpty());
}

TEST_F(RedisRoomsTest, ALostHashLeavesTheStreamsLastAsTheNewest) {
  const Cursor newest = accept_text("one").cursor;
  redis({"DEL", "chat:{general}:meta"});
  EXPECT_EQ(look().newest, newest);
  EXPECT_THAT(active(), ElementsAre("general"));
}

TEST_F(RedisRoomsTest, AllActiveRoomsComeInSteps) {
  for (int i = 0; i < 1000; ++i) redis({"ZADD", "chat:active", "1", "room-" + std::to_string(i)});
  const auto step = rooms->active("0");
  ASSERT_TRUE(step);
  EXPECT_LT(step->rooms.size(), 1000U);
  EXPECT_EQ(active().size(), 1000U);
}

TEST_F(RedisRoomsTest, EntriesLieBetweenTheTwoCursors) {
  Cursor last;
  for (int i = 0; i < 6; ++i) last = accept_text("text " + std::to_string(i)).cursor;
  const auto read = [&](Cursor after, std::int64_t until, std::size_t most) {
    std::vector<std::int64_t> seqs;
    const auto entries = rooms->entries("general", after, {last.epoch, until}, most);
    EXPECT_TRUE(entries);
    for (const StreamEntry& entry : entries.value()) seqs.push_back(entry.cursor.seq);
    return seqs;
  };
  EXPECT_THAT(read({last.epoch, 2}, 5, 100), ElementsAre(3, 4, 5));
  EXPECT_THAT(read({last.epoch, 2}, 5, 2), ElementsAre(3, 4));
  EXPECT_THAT(read({}, 2, 100), ElementsAre(1, 2));
  EXPECT_THAT(read(last, 6, 100), IsEmpty());
}

TEST_F(RedisRoomsTest, SaysNothingWhileRedisIsAway) {
  accept_text("one");
  server.kill();
  EXPECT_FALSE(rooms->look({"general"}));
  EXPECT_FALSE(rooms->active("0"));
  EXPECT_FALSE(rooms->entries("general", {}, {1, 1}, 10));
}

TEST_F(RedisRoomsTest, AskedToStopItAnswersNoMore) {
  server.freeze();
  stop.request_stop();
  EXPECT_FALSE(rooms->look({"general"}));
  rooms.reset();
  server.thaw();
}

TEST_F(RedisRoomsTest, TrimsAStreamUpToANumberAndNoFurther) {
  Cursor middle;
  for (int i = 1; i <= 5; ++i) {
    const Cursor cursor = accept_text("text " + std::to_string(i)).cursor;
    if (i == 3) middle = cursor;
  }
  EXPECT_TRUE(rooms->trim("general", middle));
  const auto left = rooms->entries("general", {}, {middle.epoch, 9}, 10);
  ASSERT_TRUE(left);
  ASSERT_EQ(left->size(), 2U);
  EXPECT_EQ(left->front().cursor, (Cursor{middle.epoch, 4}));
  EXPECT_TRUE(rooms->trim("nobody", middle)) << "a room without a stream";
  EXPECT_EQ(look("nobody").newest, Cursor{});
}

}  // namespace
}  // namespace chat::persister
