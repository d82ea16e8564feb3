#include "persister/holes/room_watches.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chat::persister {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class RoomWatchesTest : public ::testing::Test {
 protected:
  static ProvenRoom room(const std::string& name, std::int32_t partition = 0, std::int64_t seq = 1) {
    return {name, partition, {1000, seq}, "run"};
  }
  using Offsets = std::map<std::int32_t, std::int64_t>;
  static std::map<std::int32_t, StoredPosition> positions(const Offsets& offsets) {
    std::map<std::int32_t, StoredPosition> positions;
    for (const auto& [partition, next_offset] : offsets) positions[partition].next_offset = next_offset;
    return positions;
  }
  /// Where all positions are proven.
  std::vector<ProvenRoom> take_rooms(const Offsets& offsets) {
    const auto reached = watches.reached(positions(offsets));
    return watches.take_reached(positions(offsets), reached);
  }
  std::vector<std::string> take(const Offsets& offsets) {
    std::vector<std::string> names;
    for (const ProvenRoom& proven : take_rooms(offsets)) names.push_back(proven.room);
    return names;
  }

  RoomWatches watches{seconds(10)};
  RoomWatches::Clock::time_point start{};
};

TEST_F(RoomWatchesTest, ARoomWantsItsEndWhenItsNumberIsOldEnough) {
  watches.note(room("a", 3), start);
  EXPECT_THAT(watches.due(start + seconds(9)), IsEmpty());
  EXPECT_THAT(watches.waiting(), ElementsAre(3)) << "meanwhile Kafka is asked whether it answers";
  EXPECT_THAT(watches.due(start + seconds(10)), ElementsAre(3));
}

TEST_F(RoomWatchesTest, ARoomIsProvenOnceThePositionReachesTheEndOfItsPartition) {
  watches.note(room("a", 3, 7), start);
  EXPECT_THAT(take({{3, 1000}}), IsEmpty()) << "no end is known";
  watches.set_end(3, 50, start + seconds(10));
  EXPECT_THAT(watches.waiting(), IsEmpty());
  EXPECT_THAT(take({{3, 49}, {4, 1000}}), IsEmpty()) << "the persister lags or is paused";
  EXPECT_EQ(watches.size(), 1U);
  const auto reached = take_rooms({{3, 50}});
  ASSERT_EQ(reached.size(), 1U);
  EXPECT_EQ(reached[0].candidate, (Cursor{1000, 7}));
  EXPECT_EQ(reached[0].run, "run");
  EXPECT_EQ(watches.size(), 0U);
}

TEST_F(RoomWatchesTest, APartitionWithoutAPositionIsAtItsBeginning) {
  watches.note(room("a", 3), start);
  watches.note(room("b", 4), start);
  watches.set_end(3, 0, start + seconds(10));
  watches.set_end(4, 1, start + seconds(10));
  EXPECT_THAT(take({}), ElementsAre("a"));
}

TEST_F(RoomWatchesTest, AnEndCountsOnlyForRoomsThatWereOldEnough) {
  watches.note(room("old"), start);
  watches.note(room("young"), start + seconds(5));
  watches.set_end(0, 50, start + seconds(10));
  EXPECT_THAT(take({{0, 50}}), ElementsAre("old"));
  EXPECT_THAT(watches.due(start + seconds(15)), ElementsAre(0));
}

TEST_F(RoomWatchesTest, ARoomThatIsWatchedKeepsItsCandidate) {
  watches.note(room("a", 0, 1), start);
  watches.note(room("a", 0, 99), start + seconds(9));
  watches.set_end(0, 50, start + seconds(10));
  const auto reached = take_rooms({{0, 50}});
  ASSERT_EQ(reached.size(), 1U);
  EXPECT_EQ(reached[0].candidate.seq, 1) << "the newer number is not old enough";
}

TEST_F(RoomWatchesTest, WhenKafkaDoesNotAnswerWhoHasNoEndYetWaitsAgain) {
  watches.note(room("has-end", 0), start);
  watches.set_end(0, 50, start + seconds(10));
  watches.note(room("waits", 1), start + seconds(4));
  watches.restart(1, start + seconds(12));
  EXPECT_THAT(watches.due(start + seconds(21)), IsEmpty());
  EXPECT_THAT(watches.due(start + seconds(22)), ElementsAre(1));
  EXPECT_THAT(take({{0, 50}}), ElementsAre("has-end"));
}

TEST_F(RoomWatchesTest, APartitionThatDoesNotAnswerHoldsUpItsOwnRoomsOnly) {
  watches.note(room("answers", 0), start);
  watches.note(room("is silent", 1), start);
  watches.restart(1, start + seconds(5));
  EXPECT_THAT(watches.due(start + seconds(10)), ElementsAre(0));
  EXPECT_THAT(watches.due(start + seconds(15)), ElementsAre(0, 1));
}

TEST_F(RoomWatchesTest, APositionThatIsNotProvenProvesNoRoom) {
  watches.note(room("proven", 0), start);
  watches.note(room("not proven", 1), start);
  watches.set_end(0, 50, start + seconds(10));
  watches.set_end(1, 50, start + seconds(10));
  const auto all = positions({{0, 50}, {1, 50}});
  EXPECT_THAT(watches.reached(all), ElementsAre(0, 1));
  EXPECT_EQ(watches.take_reached(all, {0}).size(), 1U);
  EXPECT_TRUE(watches.contains("not proven")) << "Kafka may say more later";
  watches.forget(1);
  EXPECT_FALSE(watches.contains("not proven"));
}

TEST_F(RoomWatchesTest, RoomsOfALostPartitionAreForgotten) {
  watches.note(room("stays", 1), start);
  watches.note(room("goes", 2), start);
  watches.keep({0, 1});
  EXPECT_FALSE(watches.contains("goes"));
  EXPECT_TRUE(watches.contains("stays"));
}

TEST_F(RoomWatchesTest, TheOldestIsTheOneThatWasNotedFirst) {
  EXPECT_FALSE(watches.oldest());
  watches.note(room("a"), start + seconds(2));
  watches.note(room("b"), start + seconds(1));
  watches.restart(0, start + seconds(3));
  EXPECT_EQ(watches.oldest(), start + seconds(1));
}

}  // namespace
}  // namespace chat::persister
