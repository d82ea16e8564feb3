#include "gateway/chat/held_messages.hpp"

#include <gtest/gtest.h>

#include "tests/unit/gateway/chat/room_fixture.hpp"

namespace chat::gateway {
namespace {

using testing::page_of;
using testing::page_up_to;
using testing::room_message;
using testing::RoomTest;
using testing::TestMember;

constexpr std::size_t text_bytes = 4096;
/// More than a room may hold.
constexpr std::int64_t many = 2 * HeldMessages::max_bytes / text_bytes;

RoomMessage long_message(std::int64_t seq) {
  return {{1, seq}, ws::make_frame(ws::Opcode::text, std::string(text_bytes, 'x'))};
}

TEST(HeldMessages, NothingIsHeldWithoutARead) {
  HeldBytes worker;
  HeldMessages held(worker);
  held.push(room_message(1, 1));
  EXPECT_EQ(held.bytes(), 0U);
  held.end_read(held.begin_read());
  held.push(room_message(1, 2));
  EXPECT_EQ(worker.all, 0U);
}

TEST(HeldMessages, OnlyWhatCameSinceTheOldestReadBeganIsKept) {
  HeldBytes worker;
  HeldMessages held(worker);
  const auto old_read = held.begin_read();
  held.push(room_message(1, 1));
  const auto new_read = held.begin_read();
  held.push(room_message(1, 2));
  EXPECT_EQ(held.messages().size(), 2U);
  held.end_read(old_read);
  ASSERT_EQ(held.messages().size(), 1U);
  EXPECT_EQ(held.messages().front().cursor, (Cursor{1, 2}));
  EXPECT_TRUE(held.has_all_since(new_read));
  held.end_read(new_read);
  EXPECT_EQ(worker.all, 0U);
}

TEST(HeldMessages, I6OverTheRoomsBoundTheOldestReadsLoseTheirs) {
  HeldBytes worker;
  HeldMessages held(worker);
  const auto slow = held.begin_read();
  const auto as_slow = held.begin_read();
  for (std::int64_t seq = 1; seq <= 10; ++seq) held.push(long_message(seq));
  const auto later = held.begin_read();
  std::size_t most = 0;
  for (std::int64_t seq = 11; held.has_all_since(slow); ++seq) {
    held.push(long_message(seq));
    most = std::max(most, held.bytes());
  }
  EXPECT_LE(most, HeldMessages::max_bytes);
  EXPECT_FALSE(held.has_all_since(as_slow));
  EXPECT_TRUE(held.has_all_since(later)) << "what came since it began is still within the bound";
  EXPECT_EQ(held.messages().front().cursor, (Cursor{1, 11}));
  for (std::int64_t i = 0; i < many; ++i) held.push(long_message(1000 + i));
  EXPECT_FALSE(held.has_all_since(later));
  EXPECT_EQ(worker.all, 0U) << "nobody needs any";
  const auto new_read = held.begin_read();
  held.end_read(slow);
  held.end_read(later);
  EXPECT_TRUE(held.has_all_since(new_read));
}

TEST(HeldMessages, I6AllRoomsOfAWorkerHoldSoMuchTogether) {
  HeldBytes worker;
  std::vector<std::unique_ptr<HeldMessages>> rooms;
  for (std::size_t i = 0; i < 2 * HeldMessages::max_worker_bytes / HeldMessages::max_bytes; ++i) {
    rooms.push_back(std::make_unique<HeldMessages>(worker));
    rooms.back()->begin_read();
    for (std::int64_t seq = 0; seq < many / 3; ++seq) rooms.back()->push(long_message(seq));
    ASSERT_LE(worker.all, HeldMessages::max_worker_bytes);
  }
  EXPECT_GT(worker.all, HeldMessages::max_worker_bytes / 2);
  rooms.clear();
  EXPECT_EQ(worker.all, 0U);
}

/// A room in which `many` messages come while a join is read.
struct SlowReadTest : RoomTest {
  void publish_many() {
    for (std::int64_t seq = 6; seq < 6 + many; ++seq) room->publish(long_message(seq));
  }
};

TEST_F(SlowReadTest, I6AJoinerWithACursorReadsOnFromItsPageAndMissesNothing) {
  room->on_subscribed();
  room->join(member, "j", Cursor{1, 2}, 0);
  publish_many();
  EXPECT_LE(held.all, HeldMessages::max_bytes);
  store.reads.back().handler(page_of(3, 5));
  ASSERT_TRUE(member.page);
  EXPECT_TRUE(member.page->more);
  EXPECT_TRUE(member.page->complete);
  EXPECT_EQ(member.page->entries.back().cursor, (Cursor{1, 5}));
  EXPECT_TRUE(outlet.cursors.empty());
  room->publish(room_message(1, 6 + many));
  EXPECT_TRUE(outlet.cursors.empty()) << "it is not live before its last page";
}

TEST_F(SlowReadTest, I3AJoinerWhosePageIsEmptyIsReadForAgainFromItsNewestNumber) {
  room->on_subscribed();
  room->join(member, "j", std::nullopt, 0);
  publish_many();
  store.reads.back().handler(page_up_to({1, 5}));
  EXPECT_EQ(member.joined, 0);
  ASSERT_EQ(store.reads.size(), 2U);
  EXPECT_EQ(store.reads[1].request.since, (Cursor{1, 5}));
  auto rest = page_of(6, 8);
  rest.newest = {1, 5 + many};
  rest.more = true;
  store.reads[1].handler(rest);
  EXPECT_EQ(member.joined, 1);
  EXPECT_EQ(member.page->entries.size(), 3U);
  EXPECT_TRUE(member.page->more);
}

TEST_F(SlowReadTest, ASinceBeyondTheNewestIsNotCalledCompleteByTheSecondRead) {
  room->on_subscribed();
  room->join(member, "j", Cursor{1, 9999}, 0);
  publish_many();
  auto beyond = page_up_to({1, 5});
  beyond.complete = false;
  store.reads.back().handler(beyond);
  ASSERT_EQ(store.reads.size(), 2U);
  store.reads[1].handler(page_of(6, 5 + many));
  ASSERT_TRUE(member.page);
  EXPECT_FALSE(member.page->complete);
}

TEST_F(SlowReadTest, I3AJoinWithoutACursorDoesNotShareAReadOfWhichTooMuchCame) {
  room->on_subscribed();
  room->join(member, "j", std::nullopt, 0);
  publish_many();
  room->join(other, "k", std::nullopt, 0);
  ASSERT_EQ(store.reads.size(), 2U);
  room->publish(room_message(1, 6 + many));
  store.reads[1].handler(page_up_to({1, 5 + many}));
  EXPECT_EQ(other.joined, 1);
  EXPECT_EQ(other_outlet.cursors, (std::vector<Cursor>{{1, 6 + many}}));
}

TEST_F(SlowReadTest, I6WhatIsHeldIsGivenAsPagesWhereTheOutboxCannotTakeIt) {
  outlet.room_for_page = 3 * text_bytes;
  room->on_subscribed();
  room->join(member, "j", std::nullopt, 0);
  for (std::int64_t seq = 6; seq <= 15; ++seq) room->publish(long_message(seq));
  store.reads.back().handler(page_up_to({1, 5}));
  ASSERT_TRUE(member.page);
  EXPECT_TRUE(member.page->more);
  ASSERT_FALSE(member.page->entries.empty());
  EXPECT_EQ(member.page->entries.front().cursor, (Cursor{1, 6}));
  EXPECT_LE(member.page->entries.size(), 3U);
  EXPECT_TRUE(outlet.cursors.empty());
}

TEST_F(SlowReadTest, I3OverlappingSlowJoinsMissNothing) {
  room->on_subscribed();
  go_live(other, {1, 5});
  std::vector<std::unique_ptr<TestMember>> joiners;
  for (std::int64_t seq = 6; seq < 6 + 3 * many; ++seq) {
    if (seq % 20 == 6) {
      joiners.push_back(std::make_unique<TestMember>(outlet));
      room->join(*joiners.back(), "j", Cursor{1, seq - 2000}, 0);
    }
    room->publish(long_message(seq));
    ASSERT_LE(held.all, HeldMessages::max_bytes);
  }
  EXPECT_EQ(other_outlet.cursors.size(), static_cast<std::size_t>(3 * many));
  for (std::size_t i = 0; i < store.reads.size(); ++i)
    store.reads[i].handler(page_of(std::max<std::int64_t>(1, store.reads[i].request.since->seq + 1), 5));
  EXPECT_EQ(held.all, 0U);
  EXPECT_EQ(room->publish(room_message(1, 6 + 3 * many)), 1U);
}

}  // namespace
}  // namespace chat::gateway
