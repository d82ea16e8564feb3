#include "persister/receipts/pending_receipts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chat::persister {
namespace {

using ::testing::ElementsAre;

ResolvedNumbers stored(const std::string& room, const std::vector<std::int64_t>& seqs,
                       std::int32_t partition = 0) {
  ResolvedNumbers numbers{partition, room, {}, {}};
  for (const auto seq : seqs) numbers.stored.push_back({5, seq});
  return numbers;
}

ResolvedNumbers voids(const std::string& room, const std::vector<std::int64_t>& seqs) {
  ResolvedNumbers numbers = stored(room, seqs);
  std::swap(numbers.stored, numbers.voids);
  return numbers;
}

class PendingReceiptsTest : public ::testing::Test {
 protected:
  PendingReceipts::Call next() {
    auto call = pending_.next();
    EXPECT_TRUE(call);
    return call.value_or(PendingReceipts::Call{});
  }

  PendingReceipts pending_;
};

TEST_F(PendingReceiptsTest, TellsEachRoomOnceWhoHasWaitedLongestFirst) {
  pending_.add(stored("b", {1, 2}));
  pending_.add(stored("a", {7}));
  pending_.add(stored("b", {3, 5}));
  const auto b = next();
  EXPECT_EQ(b.room, "b");
  EXPECT_THAT(b.stored, ElementsAre(NumberRange{5, 1, 3}, NumberRange{5, 5, 5}));
  EXPECT_EQ(b.resolved, b.stored);
  EXPECT_EQ(next().room, "a");
  EXPECT_FALSE(pending_.next());
}

TEST_F(PendingReceiptsTest, PassesVoidNumbersWithoutPublishingThem) {
  pending_.add(voids("a", {2}));
  pending_.add(stored("a", {1, 3}));
  const auto call = next();
  EXPECT_THAT(call.resolved, ElementsAre(NumberRange{5, 1, 3}));
  EXPECT_THAT(call.stored, ElementsAre(NumberRange{5, 1, 1}, NumberRange{5, 3, 3}));
}

TEST_F(PendingReceiptsTest, GathersWhatComesDuringACallIntoTheNext) {
  pending_.add(stored("a", {1}));
  const auto first = next();
  pending_.add(stored("a", {2}));
  pending_.add(stored("a", {3}));
  EXPECT_FALSE(pending_.next()) << "one call a room at a time";
  pending_.answered(first, {5, 1});
  const auto second = next();
  EXPECT_THAT(second.stored, ElementsAre(NumberRange{5, 2, 3}));
  EXPECT_THAT(second.resolved, ElementsAre(NumberRange{5, 2, 3}));
}

TEST_F(PendingReceiptsTest, ForgetsARoomWhoseWatermarkHasReachedAll) {
  pending_.add(stored("a", {1}));
  pending_.answered(next(), {5, 1});
  EXPECT_EQ(pending_.rooms(), 0u);
  EXPECT_EQ(pending_.waiting(), 0u);
}

TEST_F(PendingReceiptsTest, KeepsWhatIsAboveAHoleUntilTheHoleIsFilled) {
  pending_.add(stored("a", {1, 3}));
  pending_.answered(next(), {5, 1});
  EXPECT_EQ(pending_.waiting(), 0u);
  EXPECT_EQ(pending_.rooms(), 1u);
  pending_.add(stored("a", {2}));
  const auto call = next();
  EXPECT_THAT(call.resolved, ElementsAre(NumberRange{5, 2, 3}));
  EXPECT_THAT(call.stored, ElementsAre(NumberRange{5, 2, 2})) << "3 was published before";
}

TEST_F(PendingReceiptsTest, TellsAgainWhatMayNotHaveBeenHeard) {
  pending_.add(stored("a", {1, 3}));
  const auto lost = next();
  pending_.add(stored("a", {2}));
  pending_.unanswered(lost);
  pending_.add(stored("a", {7}));
  EXPECT_FALSE(pending_.next()) << "not before it is worth a try";
  EXPECT_EQ(pending_.waiting(), 1u);
  pending_.retry();
  EXPECT_THAT(next().stored, ElementsAre(NumberRange{5, 1, 3}, NumberRange{5, 7, 7}));
  EXPECT_FALSE(pending_.next());
}

TEST_F(PendingReceiptsTest, ForgetsTheRoomsOfRevokedPartitions) {
  pending_.add(stored("a", {1}, 0));
  pending_.add(stored("b", {1}, 1));
  pending_.add(stored("c", {1}, 1));
  const auto a = next();
  const auto b = next();
  pending_.forget(std::vector<std::int32_t>{1});
  EXPECT_FALSE(pending_.next());
  pending_.unanswered(b);
  pending_.retry();
  EXPECT_FALSE(pending_.next());
  EXPECT_EQ(pending_.rooms(), 1u);
  EXPECT_EQ(pending_.waiting(), 1u);
  pending_.answered(a, {5, 1});
  EXPECT_EQ(pending_.waiting(), 0u);
}

TEST_F(PendingReceiptsTest, DoesNotMistakeALateAnswerForThatOfARoomThatCameBack) {
  pending_.add(stored("a", {1}));
  const auto old = next();
  pending_.forget(std::vector<std::int32_t>{0});
  pending_.add(stored("a", {2}));
  const auto call = next();
  pending_.answered(old, {5, 9});
  EXPECT_EQ(pending_.waiting(), 1u);
  pending_.unanswered(call);
  pending_.retry();
  EXPECT_THAT(next().stored, ElementsAre(NumberRange{5, 2, 2}));
}

TEST_F(PendingReceiptsTest, DropsTheLowestRangesOfARoomWithTooMany) {
  pending_ = PendingReceipts({.ranges_per_room = 2, .ranges = 100, .rooms = 10});
  pending_.add(stored("a", {1, 3, 5}));
  const auto call = next();
  EXPECT_THAT(call.stored, ElementsAre(NumberRange{5, 3, 3}, NumberRange{5, 5, 5}));
  EXPECT_EQ(call.resolved, call.stored);
}

TEST_F(PendingReceiptsTest, DropsTheRoomsThatWereLeftAloneLongest) {
  pending_ = PendingReceipts({.ranges_per_room = 10, .ranges = 100, .rooms = 2});
  pending_.add(stored("a", {1}));
  pending_.add(stored("b", {1}));
  pending_.add(stored("a", {2}));
  pending_.add(stored("c", {1}));
  EXPECT_EQ(pending_.rooms(), 2u);
  EXPECT_EQ(pending_.waiting(), 2u);
  EXPECT_EQ(next().room, "a");
  EXPECT_EQ(next().room, "c");
}

TEST_F(PendingReceiptsTest, ADroppedRoomLeavesNothingInLineWhileRedisIsAway) {
  pending_ = PendingReceipts({.ranges_per_room = 10, .ranges = 100, .rooms = 2});
  for (int i = 0; i < 1000; ++i) pending_.add(stored("room-" + std::to_string(i), {1}));
  EXPECT_EQ(pending_.in_line(), 2u);
  pending_.unanswered(next());
  pending_.unanswered(next());
  for (int i = 0; i < 1000; ++i) pending_.add(stored("room-" + std::to_string(i), {1}));
  EXPECT_EQ(pending_.rooms(), 2u);
  EXPECT_EQ(pending_.in_line(), 2u);
  pending_.retry();
  EXPECT_EQ(next().room, "room-998");
  EXPECT_EQ(next().room, "room-999");
  EXPECT_FALSE(pending_.next());
}

TEST_F(PendingReceiptsTest, DropsTheOldestRoomsOverTheBoundOfAllRanges) {
  pending_ = PendingReceipts({.ranges_per_room = 10, .ranges = 8, .rooms = 10});
  pending_.add(stored("a", {1, 3}));
  pending_.add(stored("b", {1, 3}));
  EXPECT_EQ(pending_.rooms(), 2u);
  pending_.add(stored("c", {1}));
  EXPECT_EQ(pending_.rooms(), 2u);
  EXPECT_EQ(next().room, "b");
}

TEST_F(PendingReceiptsTest, KeepsTheBoundOfAllRangesWhereACallWasInVain) {
  pending_ = PendingReceipts({.ranges_per_room = 10, .ranges = 6, .rooms = 10});
  pending_.add(stored("a", {1, 3}));
  const auto call = next();
  pending_.add(stored("b", {1, 3}));
  EXPECT_EQ(pending_.rooms(), 2u) << "a's two ranges are in the call";
  pending_.unanswered(call);
  EXPECT_EQ(pending_.rooms(), 1u);
  pending_.add(stored("b", {5}));
  EXPECT_EQ(next().room, "b");
}

TEST_F(PendingReceiptsTest, NumbersOfNothingAreNothing) {
  pending_.add(stored("a", {}));
  EXPECT_EQ(pending_.rooms(), 0u);
  EXPECT_FALSE(pending_.next());
}

}  // namespace
}  // namespace chat::persister
