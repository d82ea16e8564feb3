#include "gateway/fanout/room_feed.hpp"

#include <gtest/gtest.h>

namespace chat::gateway {
namespace {

ReadReply reply(Cursor newest, const std::vector<Cursor>& entries = {}, bool complete = true) {
  ReadReply read;
  read.available = true;
  read.newest = newest;
  read.complete = complete;
  for (const Cursor& cursor : entries) read.entries.push_back({cursor, "read"});
  return read;
}

std::vector<Cursor> cursors(const RoomFeed::Step& step) {
  std::vector<Cursor> result;
  for (const auto& entry : step.pass_on) result.push_back(entry.cursor);
  return result;
}

ReadReply began_here(ReadReply read) {
  read.begun = read.newest;
  return read;
}

std::vector<Cursor> late(const RoomFeed::Step& step) {
  std::vector<Cursor> result;
  for (const auto& entry : step.late) result.push_back(entry.cursor);
  return result;
}

struct RoomFeedTest : ::testing::Test {
  std::size_t all_held = 0;
  RoomFeed feed{all_held};
  void begin_at(Cursor cursor) {
    EXPECT_TRUE(feed.on_subscribed().read);
    EXPECT_TRUE(feed.on_read(reply(cursor)).became_ready);
  }
};

TEST_F(RoomFeedTest, BeginsAtTheNewestNumberReadAfterTheConfirmation) {
  feed.on_subscribed();
  feed.on_publication({1, 4}, "a");
  feed.on_publication({1, 5}, "b");
  const auto step = feed.on_read(reply({1, 4}));
  EXPECT_TRUE(step.became_ready);
  EXPECT_EQ(cursors(step), (std::vector<Cursor>{{1, 5}}));
}

TEST_F(RoomFeedTest, I2PassesDenseNumbersOnAndDropsRepeats) {
  begin_at({1, 4});
  EXPECT_TRUE(feed.accept_next({1, 5}));
  EXPECT_FALSE(feed.accept_next({1, 5}));
  EXPECT_EQ(feed.on_publication({1, 5}, "x").dropped, 1U);
  EXPECT_TRUE(feed.accept_next({1, 6}));
}

TEST_F(RoomFeedTest, I3AHoleIsReadAndDeliveredInOrder) {
  begin_at({1, 4});
  const auto hole = feed.on_publication({1, 7}, "seven");
  EXPECT_TRUE(hole.read);
  EXPECT_EQ(hole.gaps_detected, 1U);
  EXPECT_TRUE(cursors(hole).empty());
  EXPECT_FALSE(feed.accept_next({1, 8}));
  feed.on_publication({1, 8}, "eight");
  const auto step = feed.on_read(reply({1, 7}, {{1, 5}, {1, 6}, {1, 7}}));
  EXPECT_EQ(cursors(step), (std::vector<Cursor>{{1, 5}, {1, 6}, {1, 7}, {1, 8}}));
  EXPECT_EQ(step.gaps_repaired, 1U);
  EXPECT_EQ(step.gaps_unrepaired, 0U);
  EXPECT_TRUE(feed.accept_next({1, 9}));
}

TEST_F(RoomFeedTest, I3ANewEpochOnAnUnbrokenSubscriptionFollows) {
  begin_at({1, 4});
  EXPECT_TRUE(feed.accept_next({9, 1}));
  EXPECT_TRUE(feed.accept_next({9, 2}));
  EXPECT_FALSE(feed.accept_next({8, 1}));
}

TEST_F(RoomFeedTest, APublicationThatWasOnItsWayWhileANewerEpochWasReadIsDroppedAfterALook) {
  begin_at({1, 4});
  EXPECT_TRUE(feed.accept_next({9, 1}));
  EXPECT_TRUE(feed.on_publication({1, 4}, "old").read);
  const auto step = feed.on_read(began_here(reply({9, 1})));
  EXPECT_EQ(step.dropped, 1U);
  EXPECT_TRUE(step.late.empty());
  EXPECT_EQ(step.tell_epoch, 0);
  EXPECT_TRUE(feed.accept_next({9, 2}));
}

struct RedisBehindTest : RoomFeedTest {
  /// Redis began epoch 5 under its present run, and the room has shown epoch 9.
  void SetUp() override {
    begin_at({9, 4});
    const auto look = feed.on_publication({5, 3}, "three");
    EXPECT_TRUE(look.read);
    EXPECT_EQ(feed.next_since(), (Cursor{9, 4}));
    const auto found = feed.on_read(began_here(reply({5, 3}, {}, false)));
    EXPECT_EQ(found.tell_epoch, 9);
    EXPECT_TRUE(found.read);
    EXPECT_EQ(feed.next_since(), (Cursor{5, 0}));
  }
};

TEST_F(RedisBehindTest, I3AllThatItNumberedIsPassedOnAfterWhatWasShown) {
  const auto step = feed.on_read(began_here(reply({5, 2}, {{5, 1}, {5, 2}})));
  EXPECT_EQ(late(step), (std::vector<Cursor>{{5, 1}, {5, 2}, {5, 3}})) << "with what was held meanwhile";
  EXPECT_TRUE(step.pass_on.empty());
  EXPECT_FALSE(step.read);
  EXPECT_EQ(feed.on_publication({5, 3}, "again").dropped, 1U);
  EXPECT_EQ(late(feed.on_publication({5, 4}, "four")), (std::vector<Cursor>{{5, 4}}));
  EXPECT_TRUE(feed.accept_next({10, 1})) << "the epoch that Redis begins when it was told";
}

TEST_F(RedisBehindTest, LongOnesComePageByPage) {
  auto first = began_here(reply({5, 3}, {{5, 1}, {5, 2}}));
  first.more = true;
  auto step = feed.on_read(first);
  EXPECT_EQ(late(step), (std::vector<Cursor>{{5, 1}, {5, 2}}));
  EXPECT_TRUE(step.read);
  EXPECT_EQ(feed.next_since(), (Cursor{5, 2}));
  step = feed.on_read(began_here(reply({5, 3}, {{5, 3}})));
  EXPECT_EQ(late(step), (std::vector<Cursor>{{5, 3}}));
  EXPECT_FALSE(step.read);
}

TEST_F(RedisBehindTest, WhatWasShownIsNotShownAgain) {
  const auto step = feed.on_read(began_here(reply({9, 4}, {{5, 1}, {5, 2}, {5, 3}, {9, 3}, {9, 4}})));
  EXPECT_EQ(late(step), (std::vector<Cursor>{{5, 1}, {5, 2}, {5, 3}}));
  EXPECT_TRUE(step.pass_on.empty());
}

TEST_F(RedisBehindTest, AHoleInItIsRead) {
  feed.on_read(began_here(reply({5, 3}, {{5, 1}, {5, 2}, {5, 3}})));
  EXPECT_TRUE(feed.on_publication({5, 6}, "six").read);
  EXPECT_TRUE(feed.on_read(began_here(reply({5, 6}, {}, false))).read);
  EXPECT_EQ(feed.next_since(), (Cursor{5, 3}));
  const auto step = feed.on_read(began_here(reply({5, 6}, {{5, 4}, {5, 5}, {5, 6}})));
  EXPECT_EQ(late(step), (std::vector<Cursor>{{5, 4}, {5, 5}, {5, 6}}));
}

TEST_F(RoomFeedTest, I3WhatARedisThatIsBehindNumberedWhileTheSubscriptionWasLostIsReadToo) {
  begin_at({9, 4});
  feed.on_lost();
  EXPECT_TRUE(feed.on_subscribed().read);
  const auto found = feed.on_read(began_here(reply({5, 2}, {}, false)));
  EXPECT_TRUE(found.read);
  EXPECT_EQ(found.tell_epoch, 9);
  EXPECT_EQ(late(feed.on_read(began_here(reply({5, 2}, {{5, 1}, {5, 2}})))),
            (std::vector<Cursor>{{5, 1}, {5, 2}}));
}

TEST_F(RoomFeedTest, ARedisThatGaveAnEmptyRoomALowerEpochIsTold) {
  begin_at({9, 4});
  feed.on_lost();
  feed.on_subscribed();
  const auto step = feed.on_read(began_here(reply({5, 0})));
  EXPECT_EQ(step.tell_epoch, 9);
  EXPECT_FALSE(step.read);
}

TEST_F(RoomFeedTest, AnOlderCopyOfRedisIsNoLowerEpoch) {
  begin_at({9, 4});
  feed.on_lost();
  feed.on_subscribed();
  const auto step = feed.on_read(reply({5, 20}));
  EXPECT_EQ(step.tell_epoch, 0);
  EXPECT_FALSE(step.read);
}

TEST_F(RoomFeedTest, I3ANewEpochThatBeganUnseenIsRead) {
  begin_at({1, 4});
  EXPECT_TRUE(feed.on_publication({9, 2}, "x").read);
  const auto step = feed.on_read(reply({9, 2}, {{9, 1}, {9, 2}}, false));
  EXPECT_EQ(cursors(step), (std::vector<Cursor>{{9, 1}, {9, 2}}));
  EXPECT_EQ(step.gaps_unrepaired, 1U);
}

TEST_F(RoomFeedTest, I3WhatWasMissedWhileTheSubscriptionWasLostIsRead) {
  begin_at({1, 4});
  feed.on_lost();
  EXPECT_TRUE(feed.on_subscribed().read);
  feed.on_publication({1, 7}, "seven");
  const auto step = feed.on_read(reply({1, 6}, {{1, 5}, {1, 6}}));
  EXPECT_EQ(cursors(step), (std::vector<Cursor>{{1, 5}, {1, 6}, {1, 7}}));
  EXPECT_EQ(step.gaps_unrepaired, 0U);
}

TEST_F(RoomFeedTest, NothingMissedIsNoRepair) {
  begin_at({1, 4});
  feed.on_lost();
  feed.on_subscribed();
  const auto step = feed.on_read(reply({1, 4}));
  EXPECT_EQ(step.gaps_repaired + step.gaps_unrepaired, 0U);
  EXPECT_TRUE(feed.accept_next({1, 5}));
}

TEST_F(RoomFeedTest, AnEpochChangeWhileLostIsNotCalledComplete) {
  begin_at({1, 4});
  feed.on_lost();
  feed.on_subscribed();
  EXPECT_EQ(feed.on_read(reply({9, 1}, {{9, 1}}, false)).gaps_unrepaired, 1U);
}

TEST_F(RoomFeedTest, LongHolesAreReadPageByPage) {
  begin_at({1, 4});
  feed.on_publication({1, 9}, "nine");
  auto first = reply({1, 9}, {{1, 5}, {1, 6}});
  first.more = true;
  auto step = feed.on_read(first);
  EXPECT_TRUE(step.read);
  EXPECT_EQ(feed.cursor(), (Cursor{1, 6}));
  step = feed.on_read(reply({1, 9}, {{1, 7}, {1, 8}, {1, 9}}));
  EXPECT_EQ(cursors(step), (std::vector<Cursor>{{1, 7}, {1, 8}, {1, 9}}));
}

TEST_F(RoomFeedTest, GoesOnAfterNinetyTriesAndSaysSo) {
  begin_at({1, 4});
  feed.on_publication({1, 7}, "seven");
  for (int i = 0; i < 89; ++i) EXPECT_TRUE(feed.on_read({}).read);
  const auto step = feed.on_read({});
  EXPECT_FALSE(step.read);
  EXPECT_GE(step.gaps_unrepaired, 1U);
  EXPECT_EQ(cursors(step), (std::vector<Cursor>{{1, 7}}));
}

TEST_F(RoomFeedTest, TriesCountOnlyWhileSubscribedAndBeginAnewWithEachSubscription) {
  begin_at({1, 4});
  feed.on_publication({1, 7}, "seven");
  for (int i = 0; i < 89; ++i) EXPECT_TRUE(feed.on_read({}).read);
  feed.on_lost();
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(feed.on_read({}).read);
  feed.on_subscribed();
  for (int i = 0; i < 89; ++i) EXPECT_TRUE(feed.on_read({}).read);
  const auto step = feed.on_read(reply({1, 7}, {{1, 5}, {1, 6}, {1, 7}}));
  EXPECT_EQ(cursors(step), (std::vector<Cursor>{{1, 5}, {1, 6}, {1, 7}}));
  EXPECT_EQ(step.gaps_unrepaired, 0U);
}

TEST_F(RoomFeedTest, I6WhatCannotBeHeldDuringALongRepairIsReadAfterIt) {
  begin_at({1, 4});
  const std::string large(100'000, 'x');
  for (std::int64_t seq = 7; seq <= 30; ++seq) feed.on_publication({1, seq}, large);
  const auto first = feed.on_read(reply({1, 7}, {{1, 5}, {1, 6}, {1, 7}}));
  EXPECT_EQ(cursors(first), (std::vector<Cursor>{{1, 5}, {1, 6}, {1, 7}}));
  EXPECT_TRUE(first.read);
  EXPECT_EQ(feed.cursor(), (Cursor{1, 7}));
  feed.on_publication({1, 31}, "live");
  std::vector<Cursor> missed;
  for (std::int64_t seq = 8; seq <= 30; ++seq) missed.push_back({1, seq});
  const auto second = feed.on_read(reply({1, 30}, missed));
  missed.push_back({1, 31});
  EXPECT_EQ(cursors(second), missed);
  EXPECT_FALSE(second.read);
  EXPECT_EQ(first.gaps_unrepaired + second.gaps_unrepaired, 0U);
}

TEST_F(RoomFeedTest, I6AllRoomsOfAGatewayHoldSoMuchTogether) {
  begin_at({1, 1});
  feed.on_publication({1, 3}, "held");
  all_held = RoomFeed::max_held_by_all;
  feed.on_publication({1, 4}, "not held");
  EXPECT_LT(all_held, RoomFeed::max_held_by_all);
  EXPECT_TRUE(feed.on_read(reply({1, 3}, {{1, 2}, {1, 3}})).read) << "the rest is read";
  EXPECT_EQ(cursors(feed.on_read(reply({1, 4}, {{1, 4}}))), (std::vector<Cursor>{{1, 4}}));
}

TEST_F(RoomFeedTest, I3WhatWasNotHandedInIsReadAlsoOverANewEpoch) {
  begin_at({1, 1});
  feed.on_missed();
  EXPECT_FALSE(feed.accept_next({2, 1})) << "numbers of the first epoch may have been among them";
  EXPECT_TRUE(feed.on_publication({2, 1}, "a").read);
  feed.on_missed();
  EXPECT_FALSE(feed.on_missed_read().read) << "a read is under way";
  EXPECT_TRUE(feed.on_read(reply({2, 1}, {{1, 2}, {2, 1}})).read)
      << "it began before the second one was missed";
  const auto step = feed.on_read(reply({2, 2}, {{2, 2}}));
  EXPECT_EQ(cursors(step), (std::vector<Cursor>{{2, 2}}));
  EXPECT_EQ(step.gaps_unrepaired, 0U);
  EXPECT_TRUE(feed.accept_next({2, 3}));
}

TEST_F(RoomFeedTest, ANewEpochThatCameBeforeASecondLossFollowsWhatIsReadAfterIt) {
  begin_at({1, 4});
  feed.on_lost();
  feed.on_subscribed();
  feed.on_publication({9, 1}, "first of the new epoch");
  feed.on_lost();
  const auto step = feed.on_read(reply({1, 5}, {{1, 5}}));
  EXPECT_EQ(cursors(step), (std::vector<Cursor>{{1, 5}, {9, 1}}));
  EXPECT_EQ(step.gaps_unrepaired, 0U);
  EXPECT_FALSE(feed.accept_next({10, 1})) << "and what follows after the second loss is not proven";
}

TEST_F(RoomFeedTest, ALossDuringAReadReadsAgain) {
  begin_at({1, 4});
  feed.on_publication({1, 7}, "seven");
  feed.on_lost();
  EXPECT_FALSE(feed.on_subscribed().read);
  auto step = feed.on_read(reply({1, 7}, {{1, 5}, {1, 6}, {1, 7}}));
  EXPECT_TRUE(step.read);
  step = feed.on_read(reply({1, 8}, {{1, 8}}));
  EXPECT_EQ(cursors(step), (std::vector<Cursor>{{1, 8}}));
  EXPECT_FALSE(feed.is_reading());
}

}  // namespace
}  // namespace chat::gateway
