// The decisions of a room's joins, without a room.
#include "gateway/chat/room_joins.hpp"

#include <gtest/gtest.h>

#include "tests/unit/gateway/chat/room_fixture.hpp"

namespace chat::gateway {
namespace {

using testing::FakeOutlet;
using testing::page_of;
using testing::page_up_to;
using testing::room_message;
using testing::TestMember;

struct RoomJoinsTest : ::testing::Test {
  HeldBytes worker;
  RoomJoins joins{worker};
  FakeOutlet outlet;
  TestMember first{outlet}, second{outlet}, third{outlet};

  RoomJoins::ReadRef begin(TestMember& member, std::optional<Cursor> since) {
    const auto step = joins.add({&member, "j", since}, 0);
    return step.reads.empty() ? nullptr : step.reads[0];
  }
  static std::shared_ptr<const ReadReply> shared(ReadReply page) {
    return std::make_shared<const ReadReply>(std::move(page));
  }
};

TEST_F(RoomJoinsTest, AllReadsBeginWithTheSubscription) {
  EXPECT_EQ(begin(first, std::nullopt), nullptr);
  EXPECT_EQ(begin(second, Cursor{1, 1}), nullptr);
  EXPECT_EQ(joins.on_subscribed().reads.size(), 2U);
  EXPECT_TRUE(joins.on_subscribed().reads.empty());
}

TEST_F(RoomJoinsTest, EachJoinerOfASharedReadIsAnsweredOnce) {
  joins.on_subscribed();
  const auto read = begin(first, Cursor{1, 1});
  EXPECT_EQ(begin(second, Cursor{1, 2}), nullptr);
  const auto step = joins.on_page(read, shared(page_of(2, 4)));
  ASSERT_EQ(step.answers.size(), 2U);
  EXPECT_EQ(step.answers[0].member, &first);
  EXPECT_EQ(step.answers[0].page->entries.size(), 3U);
  EXPECT_EQ(step.answers[1].page->entries.size(), 2U);
  EXPECT_TRUE(joins.empty());
}

TEST_F(RoomJoinsTest, WhatCameMeanwhileIsHeldUntilTheReadHasEnded) {
  joins.on_subscribed();
  const auto read = begin(first, std::nullopt);
  joins.push(room_message(1, 5));
  joins.on_page(read, shared(page_up_to({1, 4})));
  EXPECT_EQ(joins.held().messages().size(), 1U);
  joins.end(read);
  EXPECT_TRUE(joins.held().messages().empty());
  EXPECT_EQ(worker.all, 0U);
}

TEST_F(RoomJoinsTest, AFailureTakesOnlyTheJoinersOfTheReadsOwnCursorAndHoldsForTheOthers) {
  joins.on_subscribed();
  const auto read = begin(first, Cursor{1, 1});
  begin(second, Cursor{1, 2});
  joins.push(room_message(1, 5));
  const auto step = joins.fail(read);
  ASSERT_EQ(step.failed.size(), 1U);
  EXPECT_EQ(step.failed[0].member, &first);
  ASSERT_EQ(step.reads.size(), 1U);
  EXPECT_EQ(step.reads[0]->since, (Cursor{1, 2}));
  EXPECT_TRUE(joins.held().messages().empty()) << "the new read shows what was published before it";
}

TEST_F(RoomJoinsTest, AfterAPageThatProvedNothingEachOtherCursorIsReadAlone) {
  joins.on_subscribed();
  for (const bool is_complete : {false, true}) {
    const auto read = begin(first, Cursor{1, 1});
    begin(second, Cursor{1, 2});
    begin(third, Cursor{1, 3});
    ReadReply page = page_of(2, 2);
    page.more = true;
    page.complete = is_complete;
    const auto step = joins.on_page(read, shared(std::move(page)));
    EXPECT_EQ(step.answers.size(), 1U);
    EXPECT_EQ(step.reads.size(), is_complete ? 1U : 2U);
    joins.take(second);
    joins.take(third);
    for (const auto& next : step.reads) joins.on_page(next, shared(page_up_to({1, 9})));
  }
}

TEST_F(RoomJoinsTest, AReadThatEverybodyLeftServesALaterJoiner) {
  joins.on_subscribed();
  const auto read = begin(first, Cursor{1, 1});
  EXPECT_EQ(joins.take(first).member, &first);
  EXPECT_TRUE(joins.empty());
  EXPECT_EQ(begin(second, Cursor{1, 1}), nullptr);
  EXPECT_EQ(joins.on_page(read, shared(page_of(2, 2))).answers.size(), 1U);
}

TEST_F(RoomJoinsTest, OnlyReadsThatWaitForTheSubscriptionFailWithIt) {
  begin(first, std::nullopt);
  EXPECT_EQ(joins.fail_waiting().failed.size(), 1U);
  EXPECT_TRUE(joins.empty());
  joins.on_subscribed();
  begin(second, std::nullopt);
  EXPECT_TRUE(joins.fail_waiting().failed.empty());
}

TEST_F(RoomJoinsTest, I3ReadersBelowTheFloorShareAPageAndReadersAboveItGetACompletePart) {
  joins.on_subscribed();
  const auto read = begin(first, Cursor{1, 1});
  ASSERT_TRUE(read);
  EXPECT_FALSE(begin(second, Cursor{1, 2})) << "close enough to share the read";
  EXPECT_FALSE(begin(third, Cursor{1, 5}));
  ReadReply page = page_of(5, 8);
  page.complete = false;
  page.pruned_to = Cursor{1, 4};
  const auto step = joins.on_page(read, shared(page));
  EXPECT_TRUE(step.reads.empty()) << "nobody is read again";
  ASSERT_EQ(step.answers.size(), 3U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_FALSE(step.answers[i].page->complete);
    EXPECT_EQ(step.answers[i].page->pruned_to, (Cursor{1, 4}));
    EXPECT_EQ(step.answers[i].page->entries.size(), 4U);
  }
  EXPECT_TRUE(step.answers[2].page->complete);
  EXPECT_FALSE(step.answers[2].page->pruned_to);
  EXPECT_EQ(step.answers[2].page->entries.size(), 3U);
  joins.end(read);
}

}  // namespace
}  // namespace chat::gateway
