#include "gateway/chat/room.hpp"

#include <gtest/gtest.h>

#include "tests/unit/gateway/chat/room_fixture.hpp"

namespace chat::gateway {
namespace {

using testing::page_of;
using testing::page_up_to;
using testing::room_message;
using testing::RoomTest;
using testing::TestMember;

TEST_F(RoomTest, ReadsOnlyAfterTheSubscriptionIsConfirmed) {
  room->join(member, "j", std::nullopt, 0);
  EXPECT_TRUE(store.reads.empty());
  room->on_subscribed();
  ASSERT_EQ(store.reads.size(), 1U);
  store.reads[0].handler(page_up_to({1, 5}));
  EXPECT_EQ(member.joined, 1);
}

TEST_F(RoomTest, I3MessagesThatCameDuringTheReadFollowThePageOnce) {
  room->on_subscribed();
  room->join(member, "j", std::nullopt, 0);
  for (std::int64_t seq = 4; seq <= 7; ++seq) room->publish(room_message(1, seq));
  store.reads[0].handler(page_up_to({1, 5}));
  EXPECT_EQ(outlet.cursors, (std::vector<Cursor>{{1, 6}, {1, 7}}));
  room->publish(room_message(1, 8));
  EXPECT_EQ(outlet.cursors.back(), (Cursor{1, 8}));
}

TEST_F(RoomTest, I3LiveMessagesUpToThePageAreSkippedForTheJoinerOnly) {
  go_live(other, {1, 2});
  go_live(member, {1, 4});
  EXPECT_EQ(room->publish(room_message(1, 3)), 1U);
  EXPECT_EQ(room->publish(room_message(1, 4)), 1U);
  EXPECT_EQ(room->publish(room_message(1, 5)), 2U);
  EXPECT_EQ(outlet.cursors, (std::vector<Cursor>{{1, 5}}));
  EXPECT_EQ(other_outlet.cursors, (std::vector<Cursor>{{1, 3}, {1, 4}, {1, 5}}));
}

TEST_F(RoomTest, I6APageThatTheOutboxCannotTakeIsCutAndGoneOnWith) {
  outlet.room_for_page = 6;
  room->on_subscribed();
  room->join(member, "j", Cursor{1, 0}, 0);
  store.reads[0].handler(page_of(1, 5));
  EXPECT_EQ(member.page->entries.back().cursor, (Cursor{1, 3}));
  EXPECT_TRUE(member.page->more);
  EXPECT_EQ(room->publish(room_message(1, 6)), 0U) << "it is not live before its last page";
  room->join(member, "k", Cursor{1, 3}, 0);
  store.reads[1].handler(page_of(4, 6));
  EXPECT_FALSE(member.page->more);
  EXPECT_EQ(room->publish(room_message(1, 7)), 1U);
}

TEST_F(RoomTest, I6OfARoomsLastMessagesTheNewestStay) {
  outlet.room_for_page = 4;
  room->on_subscribed();
  room->join(member, "j", std::nullopt, 5);
  store.reads[0].handler(page_of(1, 5));
  EXPECT_EQ(member.page->entries.front().cursor, (Cursor{1, 4}));
  EXPECT_FALSE(member.page->more);
  EXPECT_EQ(room->publish(room_message(1, 6)), 1U);
}

TEST_F(RoomTest, EqualJoinsShareOneRead) {
  room->on_subscribed();
  room->join(member, "a", Cursor{1, 1}, 0);
  room->join(other, "b", Cursor{1, 1}, 0);
  EXPECT_EQ(store.reads.size(), 1U);
  store.reads[0].handler(page_up_to({1, 1}));
  EXPECT_EQ(member.joined + other.joined, 2);
}

TEST_F(RoomTest, I3JoinsWithCloseCursorsShareTheReadOfTheOldestAndGetTheirParts) {
  room->on_subscribed();
  room->join(member, "a", Cursor{1, 2}, 0);
  room->join(other, "b", Cursor{1, 5}, 0);
  ASSERT_EQ(store.reads.size(), 1U);
  room->publish(room_message(1, 8));
  store.reads[0].handler(page_of(3, 7));
  ASSERT_TRUE(member.page && other.page);
  EXPECT_EQ(member.page->entries.size(), 5U);
  ASSERT_EQ(other.page->entries.size(), 2U);
  EXPECT_EQ(other.page->entries[0].cursor, (Cursor{1, 6}));
  EXPECT_TRUE(other.page->complete);
  EXPECT_EQ(other.page->newest, (Cursor{1, 7}));
  EXPECT_EQ(other_outlet.cursors, (std::vector<Cursor>{{1, 8}}));
}

TEST_F(RoomTest, CursorsThatAreFarApartOrOfAnotherEpochOrOlderAreReadForThemselves) {
  room->on_subscribed();
  TestMember far{outlet}, old{outlet};
  room->join(member, "a", Cursor{2, 100}, 0);
  room->join(other, "b", Cursor{2, 99}, 0);
  room->join(far, "c", Cursor{2, 1102}, 0);
  room->join(old, "d", Cursor{1, 100}, 0);
  EXPECT_EQ(store.reads.size(), 4U);
}

TEST_F(RoomTest, WhomTheSharedPageDoesNotReachIsReadForAnew) {
  room->on_subscribed();
  TestMember beyond{outlet};
  room->join(member, "a", Cursor{1, 2}, 0);
  room->join(other, "b", Cursor{1, 5}, 0);
  room->join(beyond, "c", Cursor{1, 9}, 0);
  auto first = page_of(3, 4);
  first.newest = {1, 8};
  first.more = true;
  store.reads[0].handler(first);
  EXPECT_EQ(member.joined, 1);
  EXPECT_EQ(other.joined, 0);
  ASSERT_EQ(store.reads.size(), 2U);
  EXPECT_EQ(store.reads[1].request.since, (Cursor{1, 5}));
  store.reads[1].handler(page_of(6, 8));
  EXPECT_EQ(other.joined, 1);
  ASSERT_EQ(store.reads.size(), 3U) << "a cursor beyond the page's newest may be newer than the page";
  EXPECT_EQ(store.reads[2].request.since, (Cursor{1, 9}));
}

TEST_F(RoomTest, AnOldCursorThatFailsOrIsIncompleteDoesNotTakeOthersWithIt) {
  room->on_subscribed();
  room->join(member, "a", Cursor{1, 2}, 0);
  room->join(other, "b", Cursor{1, 5}, 0);
  store.reads[0].handler(ReadReply{});
  EXPECT_EQ(member.failed, 1);
  EXPECT_EQ(other.failed, 0);
  ASSERT_EQ(store.reads.size(), 2U);
  store.reads[1].handler(page_of(6, 7));
  EXPECT_EQ(other.joined, 1);
  room->join(member, "a", Cursor{1, 2}, 0);
  room->join(other, "b", Cursor{1, 5}, 0);
  auto incomplete = page_of(5, 7);
  incomplete.complete = false;
  store.reads[2].handler(incomplete);
  EXPECT_EQ(member.joined, 1);
  EXPECT_EQ(other.joined, 1);
  EXPECT_EQ(store.reads.size(), 4U);
}

TEST_F(RoomTest, NoLiveMessageBeforeTheLastPage) {
  room->on_subscribed();
  room->join(member, "a", Cursor{1, 0}, 0);
  auto first = page_up_to({1, 9});
  first.more = true;
  store.reads[0].handler(first);
  room->publish(room_message(1, 10));
  EXPECT_TRUE(outlet.cursors.empty());
  EXPECT_FALSE(room->empty());
  room->join(member, "b", Cursor{1, 5}, 0);
  store.reads[1].handler(page_up_to({1, 10}));
  room->publish(room_message(1, 11));
  EXPECT_EQ(outlet.cursors, (std::vector<Cursor>{{1, 11}}));
}

TEST_F(RoomTest, AFailedReadPutsTheMemberOut) {
  room->on_subscribed();
  room->join(member, "a", std::nullopt, 0);
  store.reads[0].handler(ReadReply{});
  EXPECT_EQ(member.failed, 1);
  EXPECT_TRUE(room->empty());
}

TEST_F(RoomTest, LeavingIsPossibleInEveryState) {
  room->join(member, "a", std::nullopt, 0);
  room->leave(member);
  EXPECT_TRUE(room->empty());
  room->on_subscribed();
  room->join(member, "a", std::nullopt, 0);
  room->leave(member);
  EXPECT_TRUE(room->empty());
  store.reads.back().handler(page_up_to({1, 1}));
  EXPECT_EQ(member.joined, 0);
  go_live(member, {1, 1});
  go_live(other, {1, 1});
  room->leave(member);
  room->leave(member);
  EXPECT_EQ(room->publish(room_message(1, 2)), 1U);
  room->leave(other);
  EXPECT_TRUE(room->empty());
}

TEST_F(RoomTest, AnEmptyRoomsEpochIsNoFloorSoThatTheFirstMessageGoesOnInIt) {
  go_live(member, {7, 0});
  EXPECT_LT(room->floor(), 7);
}

TEST_F(RoomTest, TheFloorIsTheHighestEpochSeen) {
  go_live(member, {7, 1});
  EXPECT_EQ(room->floor(), 7);
  room->publish(room_message(9, 1));
  EXPECT_EQ(room->floor(), 9);
}

TEST_F(RoomTest, I3WhoIsLiveAndJoinsAgainStaysWhereItIs) {
  go_live(member, {1, 4});
  room->publish(room_message(1, 5));
  const std::size_t reads = store.reads.size();
  room->join(member, "again", std::nullopt, 0);
  EXPECT_EQ(store.reads.size(), reads);
  EXPECT_EQ(member.joined, 2);
  EXPECT_EQ(member.page->newest, (Cursor{1, 5}));
  EXPECT_TRUE(member.page->complete);
  EXPECT_TRUE(member.page->entries.empty());
  room->publish(room_message(1, 6));
  EXPECT_EQ(outlet.cursors, (std::vector<Cursor>{{1, 5}, {1, 6}}));
  EXPECT_EQ(room->live_members(), 1U);
}

TEST_F(RoomTest, I3WhoIsLiveAndJoinsAgainForAHistoryThatDoesNotReachItsPlaceGetsAllBehindThat) {
  go_live(member, {1, 4});
  room->join(member, "again", std::nullopt, 2);
  for (std::int64_t seq = 5; seq <= 8; ++seq) room->publish(room_message(1, seq));
  store.reads.back().handler(page_of(6, 7));
  EXPECT_EQ(member.joined, 1);
  EXPECT_EQ(store.reads.back().request.since, (Cursor{1, 4}));
  room->publish(room_message(1, 9));
  store.reads.back().handler(page_of(5, 8));
  EXPECT_EQ(member.joined, 2);
  EXPECT_EQ(member.page->entries.size(), 4U);
  EXPECT_EQ(outlet.cursors, std::vector<Cursor>({{1, 9}}));
}

TEST_F(RoomTest, WhoIsLiveAndJoinsAgainForAHistoryThatReachesItsPlaceGetsIt) {
  go_live(member, {1, 4});
  room->join(member, "again", std::nullopt, 2);
  const std::size_t reads = store.reads.size();
  room->publish(room_message(1, 5));
  room->publish(room_message(1, 6));
  store.reads.back().handler(page_of(4, 5));
  EXPECT_EQ(store.reads.size(), reads);
  EXPECT_EQ(member.joined, 2);
  EXPECT_EQ(member.page->entries.size(), 2U);
  EXPECT_EQ(outlet.cursors, std::vector<Cursor>({{1, 6}}));
}

TEST_F(RoomTest, AJoinThatAnotherOneOrALeaveOvertakesIsToldSoFirst) {
  room->join(member, "before the subscription", std::nullopt, 0);
  room->join(member, "first", std::nullopt, 0);
  room->on_subscribed();
  room->join(member, "second", Cursor{1, 1}, 0);
  room->leave(member);
  room->join(member, "third", std::nullopt, 0);
  EXPECT_EQ(member.overtaken, (std::vector<std::string>{"before the subscription", "first", "second"}));
  for (std::size_t i = 0; i < store.reads.size(); ++i) store.reads[i].handler(page_up_to({1, 1}));
  EXPECT_EQ(member.joined, 1);
  room->leave(member);
  room->leave(member);
  EXPECT_EQ(member.overtaken.size(), 3U) << "an answered join is not overtaken";
}

TEST_F(RoomTest, I3WhoIsLiveAndJoinsAgainTwiceKeepsItsPlace) {
  go_live(member, {1, 4});
  room->join(member, "with history", std::nullopt, 2);
  for (std::int64_t seq = 5; seq <= 8; ++seq) room->publish(room_message(1, seq));
  room->join(member, "again", std::nullopt, 0);
  ASSERT_EQ(member.overtaken, std::vector<std::string>{"with history"});
  store.reads.back().handler(page_up_to({1, 8}));
  EXPECT_EQ(store.reads.back().request.since, (Cursor{1, 4}));
  store.reads.back().handler(page_of(5, 8));
  EXPECT_EQ(member.joined, 2);
  EXPECT_EQ(member.page->entries.size(), 4U);
}

/// Breaks the contract of RoomMember: it leaves and joins within the room's calls.
struct UnrulyMember : TestMember {
  using TestMember::TestMember;
  void on_joined(const RequestId& id, std::shared_ptr<const ReadReply> answer) override {
    TestMember::on_joined(id, std::move(answer));
    if (leaves_in != nullptr) leaves_in->leave(*this);
    if (joins_in != nullptr) joins_in->join(*this, "again", std::nullopt, 0);
  }
  Room* leaves_in = nullptr;
  Room* joins_in = nullptr;
};

TEST_F(RoomTest, AMemberThatLeavesOrJoinsWithinACallOfTheRoomIsABug) {
  UnrulyMember unruly{outlet};
  unruly.leaves_in = room.get();
  EXPECT_DEATH(go_live(unruly, {1, 1}), "");
  unruly.leaves_in = nullptr;
  unruly.joins_in = room.get();
  EXPECT_DEATH(go_live(unruly, {1, 1}), "");
}

TEST_F(RoomTest, AMessageWhoseNumberDoesNotRiseIsABug) {
  go_live(member, {1, 1});
  room->publish(room_message(1, 3));
  EXPECT_DEATH(room->publish(room_message(1, 3)), "");
  EXPECT_DEATH(room->publish(room_message(1, 2)), "");
  EXPECT_EQ(room->publish(room_message(1, 2), true), 1U) << "unless it is late";
}

TEST_F(RoomTest, AMemberThatFailsToJoinIsOutsideAlreadyAndMayLeave) {
  struct LeavingMember : TestMember {
    using TestMember::TestMember;
    void on_join_failed(const RequestId& id) override {
      TestMember::on_join_failed(id);
      left->leave(*this);
    }
    Room* left = nullptr;
  } leaving{outlet};
  leaving.left = room.get();
  room->on_subscribed();
  room->join(leaving, "j", std::nullopt, 0);
  store.reads[0].handler(ReadReply{});
  EXPECT_EQ(leaving.failed, 1);
  EXPECT_TRUE(room->empty());
}

TEST_F(RoomTest, AReplyAfterTheRoomsEndIsIgnored) {
  room->on_subscribed();
  room->join(member, "a", std::nullopt, 0);
  room->leave(member);
  room.reset();
  store.reads[0].handler(page_up_to({1, 1}));
  EXPECT_EQ(member.joined, 0);
}

TEST_F(RoomTest, JoinsThatNeverGetTheirSubscriptionFail) {
  Rooms rooms(store, hub);
  Room& opened = rooms.open("x");
  opened.join(member, "j", std::nullopt, 0);
  const std::chrono::steady_clock::time_point start{std::chrono::hours(1)};
  rooms.sweep(start);
  rooms.sweep(start + std::chrono::seconds(4));
  EXPECT_EQ(member.failed, 0);
  rooms.sweep(start + std::chrono::seconds(5));
  EXPECT_EQ(member.failed, 1);
}

TEST_F(RoomTest, ASubscriptionOfAnEarlierLifeIsIgnored) {
  Rooms rooms(store, hub);
  rooms.release(rooms.open("x"));
  Room& again = rooms.open("x");
  rooms.on_subscribed("x", hub.wanted[0].second);
  EXPECT_FALSE(again.is_subscribed());
  rooms.on_subscribed("x", hub.wanted[1].second);
  EXPECT_TRUE(again.is_subscribed());
  EXPECT_EQ(hub.unwanted, std::vector<std::string>{"x"});
}

TEST_F(RoomTest, I3ALateMessageReachesTheMembersThatJoinedAboveIt) {
  go_live(member, {9, 4});
  EXPECT_EQ(room->publish(room_message(5, 1)), 0U) << "below where it joined";
  EXPECT_EQ(room->publish(room_message(5, 2), true), 1U);
  EXPECT_FALSE(room->has_all_after(Cursor{9, 4})) << "the ring does not have it behind that";
  EXPECT_EQ(room->floor(), 9);
  EXPECT_EQ(room->publish(room_message(9, 5)), 1U);
}

}  // namespace
}  // namespace chat::gateway
