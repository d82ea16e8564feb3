// Who watches a room is told who is there, and the hub whom this worker has.
#include <gtest/gtest.h>

#include "tests/unit/gateway/chat/room_fixture.hpp"

namespace chat::gateway {
namespace {

using testing::FakeOutlet;
using testing::RoomTest;
using testing::TestMember;

std::shared_ptr<const Presence> presence(std::vector<std::string> joined, std::vector<std::string> all) {
  const std::size_t members = all.size();
  return std::make_shared<const Presence>(PresenceEvent{"r", members, std::move(joined), {}, false},
                                          PresenceEvent{"r", members, std::move(all), {}, true});
}

struct RoomPresenceTest : RoomTest {
  const std::string all_of_ann =
      R"({"full":true,"joined":["Ann"],"left":[],"members":1,"room":"r","type":"presence"})";
  const std::string all_of_both =
      R"({"full":true,"joined":["Ann","Bob"],"left":[],"members":2,"room":"r","type":"presence"})";
  const std::string bob_came = R"({"joined":["Bob"],"left":[],"members":2,"room":"r","type":"presence"})";

  void SetUp() override {
    go_live(member, {1, 1});
    go_live(other, {1, 1});
  }
};

TEST_F(RoomPresenceTest, WhoBeginsToWatchIsToldAllAndThenWhatChanges) {
  room->watch(member);
  EXPECT_TRUE(outlet.take().empty());
  EXPECT_EQ(room->on_presence(presence({}, {"Ann"})), 1U);
  EXPECT_EQ(outlet.take(), std::vector{all_of_ann});
  EXPECT_EQ(room->on_presence(presence({"Bob"}, {"Ann", "Bob"})), 1U);
  EXPECT_EQ(outlet.take(), std::vector{bob_came});
  EXPECT_TRUE(other_outlet.take().empty());
}

TEST_F(RoomPresenceTest, WhoWatchesLaterIsToldAllAtOnce) {
  room->watch(member);
  room->on_presence(presence({"Bob"}, {"Ann", "Bob"}));
  room->watch(other);
  EXPECT_EQ(other_outlet.take(), std::vector{all_of_both});
  room->on_presence(presence({"Bob"}, {"Ann", "Bob"}));
  EXPECT_EQ(other_outlet.take(), std::vector{bob_came});
}

TEST_F(RoomPresenceTest, I6WhoDoesNotKeepUpIsToldAllOnceItDoes) {
  room->watch(member);
  room->watch(other);
  room->on_presence(presence({}, {"Ann"}));
  outlet.take();
  outlet.keeps_up = false;
  EXPECT_EQ(room->on_presence(presence({"Bob"}, {"Ann", "Bob"})), 1U);
  room->sweep();
  outlet.keeps_up = true;
  EXPECT_TRUE(outlet.take().empty());
  room->sweep();
  EXPECT_EQ(outlet.take(), std::vector{all_of_both});
  room->sweep();
  room->on_presence(presence({"Bob"}, {"Ann", "Bob"}));
  EXPECT_EQ(outlet.take(), std::vector{bob_came});
  EXPECT_EQ(other_outlet.take().size(), 3U);
}

TEST_F(RoomPresenceTest, I6WhoDoesNotKeepUpWhenItBeginsIsToldAllLater) {
  room->watch(other);
  room->on_presence(presence({"Bob"}, {"Ann", "Bob"}));
  outlet.keeps_up = false;
  room->watch(member);
  outlet.keeps_up = true;
  room->sweep();
  EXPECT_EQ(outlet.take(), std::vector{all_of_both});
}

TEST_F(RoomPresenceTest, TheHubIsToldWhenTheFirstBeginsAndTheLastEnds) {
  room->watch(member);
  room->watch(member);
  room->watch(other);
  room->leave(member);
  EXPECT_EQ(hub.watches, (std::vector<std::pair<std::string, bool>>{{"r", true}}));
  room->join(other, "again", std::nullopt, 0);
  EXPECT_EQ(hub.watches.back(), (std::pair<std::string, bool>{"r", false}));
}

TEST_F(RoomPresenceTest, WhatWasToldBeforeNobodyWatchedIsForgotten) {
  room->watch(member);
  room->on_presence(presence({}, {"Ann"}));
  go_live(member, {1, 1});
  EXPECT_EQ(room->on_presence(presence({"Bob"}, {"Ann", "Bob"})), 0U);
  outlet.take();
  room->watch(member);
  EXPECT_TRUE(outlet.take().empty());
  const auto newest = presence({"Bob"}, {"Ann", "Bob"});
  room->on_presence(newest);
  EXPECT_EQ(outlet.take(), std::vector{all_of_both});
  // As the hub tells it again to a worker that had stopped watching meanwhile.
  EXPECT_EQ(room->on_presence(newest), 0U);
  EXPECT_TRUE(outlet.take().empty());
}

TEST_F(RoomPresenceTest, TheHubIsToldWhoIsThereAndThenWhatHasChangedByTheSweep) {
  room->sweep();
  EXPECT_TRUE(hub.attendances.empty()) << "nobody asked";
  room->report_attendance(true);
  ASSERT_EQ(hub.attendances.size(), 1U);
  EXPECT_EQ(hub.attendances[0].second, (Attendance{2, {"Ann", "Bob"}}));
  room->sweep();
  EXPECT_EQ(hub.attendances.size(), 1U) << "nothing has changed";
  room->leave(member);
  room->sweep();
  EXPECT_EQ(hub.attendances.back().second, (Attendance{1, {"Bob"}}));
  other.name = "Bert";
  room->on_renamed();
  room->sweep();
  EXPECT_EQ(hub.attendances.back().second, (Attendance{1, {"Bert"}}));
  go_live(member, {1, 1});
  room->sweep();
  EXPECT_EQ(hub.attendances.back().second, (Attendance{2, {"Ann", "Bert"}}));
  room->report_attendance(false);
  room->leave(other);
  room->sweep();
  EXPECT_EQ(hub.attendances.size(), 4U);
}

TEST_F(RoomPresenceTest, OfALargeRoomTheHubIsToldTheNumber) {
  std::vector<std::unique_ptr<TestMember>> crowd;
  for (int i = 0; i < 199; ++i) {
    crowd.push_back(std::make_unique<TestMember>(outlet));
    go_live(*crowd.back(), {1, 1});
  }
  room->report_attendance(true);
  EXPECT_EQ(hub.attendances.back().second, (Attendance{201, {}}));
  room->leave(*crowd.back());
  room->sweep();
  EXPECT_EQ(hub.attendances.back().second.names.size(), 200U);
}

TEST_F(RoomPresenceTest, TypingIsToldToAllLiveMembersButTheOneThatTypes) {
  FakeOutlet joining_outlet;
  TestMember joining{joining_outlet, 3};
  room->join(joining, "j", std::nullopt, 10);
  room->on_typing({1, TypingEvent{"r", "Ann"}});
  EXPECT_TRUE(outlet.take().empty());
  EXPECT_TRUE(joining_outlet.take().empty());
  EXPECT_EQ(other_outlet.take(), std::vector<std::string>{R"({"room":"r","type":"typing","user":"Ann"})"});
  room->watch(member);
  room->on_typing({99, TypingEvent{"r", "Ann"}});
  EXPECT_EQ(outlet.take().size(), 1U);
  EXPECT_EQ(outlet.watches_while_told, std::vector<bool>{true});
  EXPECT_EQ(other_outlet.watches_while_told, (std::vector<bool>{false, false}));
}

TEST_F(RoomPresenceTest, I6ARoomPassesOnTwentyTypingsASecond) {
  const std::chrono::steady_clock::time_point start{std::chrono::hours(1)};
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(room->tell_typing(member, start + std::chrono::milliseconds(i)));
  EXPECT_FALSE(room->tell_typing(other, start + std::chrono::milliseconds(999)));
  EXPECT_TRUE(room->tell_typing(other, start + std::chrono::milliseconds(1000)));
  ASSERT_EQ(hub.typing.size(), 21U);
  EXPECT_EQ(hub.typing.back().room, "r");
  EXPECT_EQ(hub.typing.back().session, 2U);
  EXPECT_EQ(hub.typing.back().user, "Bob");
}

}  // namespace
}  // namespace chat::gateway
