#include "gateway/fanout/room_presence.hpp"

#include <gtest/gtest.h>

namespace chat::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Names = std::vector<std::string>;

Attendance of(Names names) {
  return {names.size(), std::move(names)};
}

PresenceNotice notice(std::string gateway, Names names, bool watches = false, bool asks = false) {
  return {std::move(gateway), watches, asks, of(std::move(names))};
}

struct RoomPresenceTest : ::testing::Test {
  RoomPresence presence{"r", "gw-1", true};
  RoomPresence::Clock::time_point now{std::chrono::hours(1)};

  RoomPresence::Step tick_after(milliseconds time) {
    now += time;
    return presence.tick(now);
  }

  /// Ann is on this gateway, watches, and was told.
  void begin() {
    presence.watch(0, true);
    presence.attend(0, of({"Ann"}));
    presence.tick(now);
    ASSERT_TRUE(tick_after(RoomPresence::answer_time).tell);
  }
};

TEST_F(RoomPresenceTest, WhoBeginsToWatchAsksTheOthersAndTellsAfterTheirAnswers) {
  presence.watch(0, true);
  presence.attend(0, of({"Ann"}));
  const auto first = tick_after(milliseconds(0));
  ASSERT_TRUE(first.publish);
  EXPECT_EQ(first.publish->gateway, "gw-1");
  EXPECT_TRUE(first.publish->asks);
  EXPECT_TRUE(first.publish->watches);
  EXPECT_EQ(first.publish->attendance, of({"Ann"}));
  EXPECT_FALSE(first.tell);
  presence.on_notice(notice("gw-2", {"Bob"}), now);
  EXPECT_FALSE(tick_after(RoomPresence::answer_time - milliseconds(1)).tell);
  const auto told = tick_after(milliseconds(1));
  EXPECT_FALSE(told.publish);
  ASSERT_TRUE(told.tell);
  const PresenceEvent& all = told.tell->all.event();
  EXPECT_TRUE(all.is_full);
  EXPECT_EQ(all.members, 2U);
  EXPECT_EQ(all.joined, (Names{"Ann", "Bob"}));
  EXPECT_EQ(presence.told(), told.tell);
}

TEST_F(RoomPresenceTest, ChangesAreToldOnceASecondTogether) {
  begin();
  presence.on_notice(notice("gw-2", {"Bob", "Bob"}), now);
  presence.attend(1, of({"Cyd"}));
  presence.attend(0, of({}));
  EXPECT_FALSE(tick_after(milliseconds(999)).tell);
  const auto step = tick_after(milliseconds(1));
  ASSERT_TRUE(step.tell);
  const PresenceEvent& change = step.tell->change.event();
  EXPECT_FALSE(change.is_full);
  EXPECT_EQ(change.members, 3U);
  EXPECT_EQ(change.joined, (Names{"Bob", "Bob", "Cyd"}));
  EXPECT_EQ(change.left, Names{"Ann"});
  EXPECT_EQ(step.tell->all.event().joined, (Names{"Bob", "Bob", "Cyd"}));
}

TEST_F(RoomPresenceTest, OneOfTwoWithANameIsLeftAlone) {
  begin();
  presence.on_notice(notice("gw-2", {"Ann"}), now);
  EXPECT_EQ(tick_after(seconds(1)).tell->change.event().joined, Names{"Ann"});
  presence.on_notice(notice("gw-2", {}), now);
  const auto step = tick_after(seconds(1));
  EXPECT_EQ(step.tell->change.event().left, Names{"Ann"});
  EXPECT_EQ(step.tell->change.event().members, 1U);
}

TEST_F(RoomPresenceTest, WhoComesAndGoesBetweenIsNotTold) {
  begin();
  presence.on_notice(notice("gw-2", {"Bob"}), now);
  presence.on_notice(notice("gw-2", {}), now);
  EXPECT_FALSE(tick_after(seconds(1)).tell);
}

TEST_F(RoomPresenceTest, OverTwoHundredOnlyTheNumberIsTold) {
  begin();
  presence.on_notice({"gw-2", false, false, {200, Names(200, "Bob")}}, now);
  const PresenceEvent many = tick_after(seconds(1)).tell->change.event();
  EXPECT_EQ(many.members, 201U);
  EXPECT_FALSE(many.is_full);
  EXPECT_TRUE(many.joined.empty() && many.left.empty());
  presence.on_notice({"gw-2", false, false, {300, {}}}, now);
  EXPECT_EQ(tick_after(seconds(1)).tell->change.event().members, 301U);
  presence.on_notice(notice("gw-2", {"Bob"}), now);
  const PresenceEvent few = tick_after(seconds(1)).tell->change.event();
  EXPECT_TRUE(few.is_full) << "who is there cannot be made from the change";
  EXPECT_EQ(few.joined, (Names{"Ann", "Bob"}));
}

TEST_F(RoomPresenceTest, ItsOwnChangesArePublishedOnceASecondAndAgainEveryFive) {
  begin();
  presence.attend(0, of({"Ann", "Bob"}));
  EXPECT_FALSE(tick_after(milliseconds(600)).publish);
  EXPECT_TRUE(tick_after(milliseconds(100)).publish);
  EXPECT_FALSE(tick_after(milliseconds(4999)).publish);
  const auto again = tick_after(milliseconds(1)).publish;
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->asks);
}

TEST_F(RoomPresenceTest, WhoIsAskedAnswersAtOnce) {
  presence.on_notice(notice("gw-2", {"Bob"}, true, true), now);
  presence.attend(0, of({"Ann"}));
  EXPECT_TRUE(presence.is_wanted());
  const auto answer = tick_after(milliseconds(0)).publish;
  ASSERT_TRUE(answer);
  EXPECT_FALSE(answer->watches);
  EXPECT_FALSE(answer->asks);
  EXPECT_FALSE(tick_after(milliseconds(1)).publish);
}

TEST_F(RoomPresenceTest, I6WhoIsAskedAgainAndAgainAnswersOnceASecond) {
  presence.on_notice(notice("gw-2", {"Bob"}, true, true), now);
  presence.attend(0, of({"Ann"}));
  EXPECT_TRUE(tick_after(milliseconds(0)).publish);
  for (int i = 0; i < 9; ++i) {
    presence.on_notice(notice("gw-2", {"Bob"}, true, true), now);
    EXPECT_FALSE(tick_after(milliseconds(100)).publish);
  }
  EXPECT_TRUE(tick_after(milliseconds(100)).publish);
}

TEST_F(RoomPresenceTest, I6WhoBeginsToWatchAgainAndAgainAsksOnceASecond) {
  presence.attend(0, of({"Ann"}));
  int asked = 0;
  for (int i = 0; i < 30; ++i) {
    presence.watch(0, true);
    const auto step = tick_after(milliseconds(100));
    if (step.publish && step.publish->asks) ++asked;
    presence.watch(0, false);
    EXPECT_FALSE(presence.is_over(now));
  }
  EXPECT_EQ(asked, 3);
  EXPECT_FALSE(tick_after(seconds(1)).publish->asks) << "nobody watches now";
  EXPECT_TRUE(presence.is_over(now + RoomPresence::period));
}

TEST_F(RoomPresenceTest, WhereNobodyWatchesNothingIsTold) {
  presence.on_notice(notice("gw-2", {"Bob"}, true), now);
  presence.attend(0, of({"Ann"}));
  EXPECT_FALSE(tick_after(seconds(2)).tell);
}

TEST_F(RoomPresenceTest, WhoHasNobodyAnyMoreSaysSoOnce) {
  presence.on_notice(notice("gw-2", {"Bob"}, true), now);
  presence.attend(0, of({"Ann"}));
  tick_after(milliseconds(0));
  presence.remove(0);
  const auto last = tick_after(seconds(1)).publish;
  ASSERT_TRUE(last);
  EXPECT_EQ(last->attendance.members, 0U);
  presence.on_notice(notice("gw-2", {"Bob"}, true), now);
  EXPECT_FALSE(tick_after(seconds(6)).publish);
}

TEST_F(RoomPresenceTest, AGatewayThatIsNotHeardForFifteenSecondsIsForgotten) {
  begin();
  presence.on_notice(notice("gw-2", {"Bob"}, true), now);
  EXPECT_EQ(tick_after(seconds(1)).tell->change.event().members, 2U);
  EXPECT_FALSE(tick_after(seconds(13)).tell);
  const auto step = tick_after(seconds(1));
  ASSERT_TRUE(step.tell);
  EXPECT_EQ(step.tell->change.event().left, Names{"Bob"});
}

TEST_F(RoomPresenceTest, WhileRedisIsAwayAllStaysAsItWasAndThenTheOthersAreAsked) {
  begin();
  presence.on_notice(notice("gw-2", {"Bob"}), now);
  tick_after(seconds(1));
  presence.on_lost();
  presence.attend(0, of({"Ann", "Cyd"}));
  const auto away = tick_after(seconds(60));
  EXPECT_FALSE(away.tell || away.publish);
  presence.on_subscribed(now);
  const auto back = tick_after(milliseconds(100));
  ASSERT_TRUE(back.publish);
  EXPECT_TRUE(back.publish->asks);
  ASSERT_TRUE(back.tell);
  EXPECT_EQ(back.tell->change.event().joined, Names{"Cyd"});
  EXPECT_TRUE(back.tell->change.event().left.empty());
  EXPECT_EQ(tick_after(seconds(15)).tell->change.event().left, Names{"Bob"});
}

TEST_F(RoomPresenceTest, WhileRedisIsAwayNothingIsForgotten) {
  begin();
  presence.on_notice(notice("gw-2", {"Bob"}), now);
  presence.on_lost();
  presence.watch(0, false);
  EXPECT_FALSE(presence.is_over(now + seconds(60)));
  presence.watch(0, true);
  now += seconds(60);
  presence.on_subscribed(now);
  tick_after(milliseconds(0));
  EXPECT_EQ(tick_after(RoomPresence::answer_time).tell->all.event().joined, (Names{"Ann", "Bob"}));
}

TEST_F(RoomPresenceTest, TheOthersAreToldThatNobodyWatchesHereAnyMore) {
  begin();
  presence.watch(0, false);
  const auto last = tick_after(seconds(1)).publish;
  ASSERT_TRUE(last);
  EXPECT_FALSE(last->watches);
  EXPECT_EQ(last->attendance, of({"Ann"}));
}

TEST_F(RoomPresenceTest, TheFirstOfALargeRoomIsItsNumber) {
  presence.watch(0, true);
  presence.attend(0, {300, {}});
  presence.tick(now);
  const auto step = tick_after(RoomPresence::answer_time);
  ASSERT_TRUE(step.tell);
  EXPECT_FALSE(step.tell->all.event().is_full);
  EXPECT_EQ(step.tell->all.event().members, 300U);
}

TEST_F(RoomPresenceTest, NothingIsToldWhileAWorkerHasNotAnswered) {
  presence.watch(0, true);
  presence.await(0);
  presence.await(1);
  presence.attend(0, of({"Ann"}));
  EXPECT_FALSE(tick_after(milliseconds(100)).publish);
  presence.watch(0, false);
  EXPECT_FALSE(presence.is_over(now)) << "the others are to hear of that";
  presence.watch(0, true);
  presence.remove(1);
  EXPECT_TRUE(tick_after(milliseconds(100)).publish);
}

TEST_F(RoomPresenceTest, WhatIsToldAgainWithoutAChangeIsNoChange) {
  begin();
  presence.on_notice(notice("gw-2", {"Bob"}), now);
  ASSERT_TRUE(tick_after(seconds(1)).tell);
  presence.on_notice(notice("gw-2", {"Bob"}), now);
  presence.attend(0, of({"Ann"}));
  EXPECT_FALSE(tick_after(seconds(1)).tell);
}

TEST_F(RoomPresenceTest, WhoWatchesAnewIsToldAllAnew) {
  begin();
  presence.watch(0, false);
  EXPECT_FALSE(presence.is_wanted());
  EXPECT_FALSE(presence.told());
  presence.watch(0, true);
  EXPECT_TRUE(tick_after(seconds(1)).publish->asks);
  const auto step = tick_after(RoomPresence::answer_time);
  ASSERT_TRUE(step.tell);
  EXPECT_TRUE(step.tell->change.event().is_full);
}

TEST_F(RoomPresenceTest, ItsOwnNoticesAreNotCountedTwice) {
  begin();
  presence.on_notice(notice("gw-1", {"Ann"}, true, true), now);
  const auto step = tick_after(seconds(1));
  EXPECT_FALSE(step.tell || step.publish);
}

}  // namespace
}  // namespace chat::gateway
