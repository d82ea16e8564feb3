#include <gtest/gtest.h>

#include "gateway/chat/room.hpp"
#include "tests/unit/gateway/chat/room_fixture.hpp"

namespace chat::gateway {
namespace {

using testing::FakeOutlet;
using testing::page_of;
using testing::page_up_to;
using testing::room_message;
using testing::RoomTest;
using testing::stored_numbers;
using testing::stored_up_to;
using testing::TestMember;

struct RoomRingTest : RoomTest {
  FakeOutlet back_outlet;
  TestMember back{back_outlet};

  /// `member` saw the numbers 3 to 7 live.
  void SetUp() override {
    go_live(member, {1, 2});
    for (std::int64_t seq = 3; seq <= 7; ++seq) room->publish(room_message(1, seq));
    store.reads.clear();
  }
};

TEST_F(RoomRingTest, I3WhoComesBackWithinTheRingIsAnsweredAtOnceAndThenLive) {
  room->join(back, "j", Cursor{1, 4}, 0);
  EXPECT_TRUE(store.reads.empty());
  ASSERT_TRUE(back.page);
  EXPECT_TRUE(back.page->complete);
  EXPECT_EQ(back.page->newest, (Cursor{1, 7}));
  ASSERT_EQ(back.page->entries.size(), 3U);
  EXPECT_EQ(back.page->entries[0].message, "m5");
  EXPECT_TRUE(back_outlet.cursors.empty());
  EXPECT_EQ(room->publish(room_message(1, 8)), 2U);
  EXPECT_EQ(back_outlet.cursors, (std::vector<Cursor>{{1, 8}}));
}

TEST_F(RoomRingTest, I3OlderNewerAndForeignCursorsAndNewcomersAreRead) {
  for (const std::optional<Cursor> since : {std::optional(Cursor{1, 1}), std::optional(Cursor{1, 8}),
                                            std::optional(Cursor{2, 1}), std::optional<Cursor>{}}) {
    room->join(back, "j", since, 0);
    ASSERT_EQ(store.reads.size(), 1U);
    EXPECT_EQ(back.joined, 0);
    room->leave(back);
    store.reads[0].handler(page_up_to({1, 7}));
    store.reads.clear();
  }
}

TEST_F(RoomRingTest, I3AnAnswerFromTheRingDuringAReadOfOthersRepeatsNothing) {
  room->join(other, "j", Cursor{1, 1}, 0);
  room->publish(room_message(1, 8));
  room->join(back, "j", Cursor{1, 6}, 0);
  ASSERT_TRUE(back.page);
  EXPECT_EQ(back.page->entries.size(), 2U);
  room->publish(room_message(1, 9));
  store.reads[0].handler(page_of(2, 7));
  room->publish(room_message(1, 10));
  EXPECT_EQ(back_outlet.cursors, (std::vector<Cursor>{{1, 9}, {1, 10}}));
  EXPECT_EQ(other_outlet.cursors, (std::vector<Cursor>{{1, 8}, {1, 9}, {1, 10}}));
}

TEST_F(RoomRingTest, TheRingHelpsALiveMemberThatJoinsAgainAndOneThatPages) {
  room->join(member, "j", Cursor{1, 5}, 0);
  EXPECT_EQ(member.page->entries.size(), 2U);
  room->join(back, "a", Cursor{1, 0}, 0);
  auto first = page_of(1, 4);
  first.newest = {1, 7};
  first.more = true;
  store.reads.back().handler(first);
  room->join(back, "b", Cursor{1, 4}, 0);
  EXPECT_EQ(back.joined, 2);
  EXPECT_EQ(room->publish(room_message(1, 8)), 2U);
}

TEST_F(RoomRingTest, JoinedTellsTheNewestWatermarkKnown) {
  room->on_stored(stored_up_to({1, 6}));
  room->join(back, "j", Cursor{1, 4}, 0);
  EXPECT_EQ(back.page->stored, (Cursor{1, 6}));
  room->on_stored(stored_up_to({1, 5}));
  EXPECT_EQ(room->stored(), (Cursor{1, 6}));
  room->leave(back);
  room->join(back, "j", std::nullopt, 0);
  auto page = page_of(1, 7);
  page.stored = {1, 3};
  store.reads.back().handler(page);
  EXPECT_EQ(back.page->stored, (Cursor{1, 6})) << "Redis may know an older one";
  page.stored = {1, 7};
  room->leave(back);
  room->join(back, "j", std::nullopt, 0);
  store.reads.back().handler(page);
  EXPECT_EQ(room->stored(), (Cursor{1, 7}));
}

TEST_F(RoomRingTest, StoredNumbersAreToldToThoseWhoAwaitThemOnly) {
  go_live(other, {1, 7});
  room->on_stored(stored_numbers(1, 1, 1));
  EXPECT_TRUE(member.told.empty());
  TestMember third{back_outlet};
  for (TestMember* waiting : {&member, &third, &back}) room->await_stored(*waiting);
  room->await_stored(member);
  room->on_stored(stored_up_to({1, 2}));
  EXPECT_EQ(member.told.size() + third.told.size() + back.told.size(), 3U);
  EXPECT_TRUE(other.told.empty());
  room->end_wait(member);
  room->on_stored(stored_up_to({1, 2}));
  EXPECT_EQ(member.told.size(), 1U);
  EXPECT_EQ(third.told.size() + back.told.size(), 4U) << "who stays is told still";
  room->await_stored(member);
  for (TestMember* waiting : {&member, &third, &back}) waiting->told = {{1, 2}};
  for (TestMember* waiting : {&member, &third, &back}) waiting->room_to_stop_waiting_in = room.get();
  room->on_stored(stored_up_to({1, 3}));
  room->on_stored(stored_up_to({1, 4}));
  for (TestMember* waiting : {&member, &third, &back})
    EXPECT_EQ(waiting->told, (std::vector<Cursor>{{1, 2}, {1, 3}}));
}

}  // namespace
}  // namespace chat::gateway
