#include "gateway/history/merge.hpp"

#include <gtest/gtest.h>

#include "tests/unit/gateway/history/pages.hpp"

namespace chat::gateway {
namespace {

using namespace testing;

TEST(MergeAfter, I3RowsFillTheHoleInFrontOfATrimmedStream) {
  const auto page =
      merge_after({1, 2}, stream({1, 7}, entries(1, 5, 7)), rows(entries(1, 3, 4)), none_stored);
  ASSERT_TRUE(page);
  EXPECT_EQ(numbers(page->entries), "1/3 1/4 1/5 1/6 1/7");
  EXPECT_TRUE(page->complete);
  EXPECT_FALSE(page->more);
}

TEST(MergeAfter, I3NothingIsCompleteWhileANumberIsMissing) {
  const auto trimmed = stream({1, 7}, entries(1, 6, 7));
  EXPECT_FALSE(merge_after({1, 2}, trimmed, rows(entries(1, 3, 4)), none_stored)) << "behind the rows";
  EXPECT_FALSE(merge_after({1, 2}, trimmed, rows(entries(1, 4, 5)), none_stored)) << "in front of the rows";
  EXPECT_FALSE(merge_after({1, 2}, trimmed, rows(entries(1, 3, 3) + entries(1, 5, 5)), older_stored))
      << "between";
  EXPECT_FALSE(merge_after({1, 2}, stream({1, 7}, {}), rows(entries(1, 3, 6)), older_stored)) << "at the end";
}

TEST(MergeAfter, AMessageWhoseIdLostItsSpellingInARowIsNoSecondOne) {
  auto live = stream({1, 3}, entries(1, 3, 3));
  live.entries[0].message = R"({"id":"0F8FAD5B-D9CB-469F-A165-70867728950E","text":"T"})";
  auto found = rows(entries(1, 3, 3));
  found.entries[0].message = R"({"id":"0f8fad5b-d9cb-469f-a165-70867728950e","text":"T"})";
  const auto page = merge_after({1, 2}, live, found, none_stored);
  ASSERT_TRUE(page);
  ASSERT_EQ(page->entries.size(), 1U);
  EXPECT_EQ(page->entries[0].message, live.entries[0].message);
}

TEST(MergeAfter, VoidNumbersAreNotMissing) {
  auto found = rows(entries(1, 3, 3));
  found.knows_voids = true;
  found.voids = {{1, 4, 5}};
  const auto page = merge_after({1, 2}, stream({1, 7}, entries(1, 6, 7)), found, none_stored);
  ASSERT_TRUE(page);
  EXPECT_EQ(numbers(page->entries), "1/3 1/6 1/7");
  found.voids = {{1, 4, 4}};
  EXPECT_FALSE(merge_after({1, 2}, stream({1, 7}, entries(1, 6, 7)), found, none_stored));
}

TEST(MergeAfter, AHoleOfTheCurrentEpochStaysOpenWhereSomebodyStillFillsHoles) {
  auto found = rows(entries(1, 3, 3));
  EXPECT_TRUE(merge_after({1, 2}, stream({1, 7}, entries(1, 6, 7)), found, all_stored));
  found.knows_voids = true;
  EXPECT_FALSE(merge_after({1, 2}, stream({1, 7}, entries(1, 6, 7)), found, all_stored));
}

TEST(MergeAfter, I3AnOlderEpochsEndIsProvenByAWaitOnly) {
  const auto fresh = stream({2, 2}, entries(2, 1, 2));
  EXPECT_FALSE(merge_after({1, 2}, fresh, rows(entries(1, 3, 4)), none_stored));
  const auto page = merge_after({1, 2}, fresh, rows(entries(1, 3, 4)), older_stored);
  ASSERT_TRUE(page);
  EXPECT_EQ(numbers(page->entries), "1/3 1/4 2/1 2/2");
  EXPECT_EQ(page->newest, (Cursor{2, 2}));
}

TEST(MergeAfter, I3TheCurrentEpochsBeginningIsNeededEvenWhenOlderEpochsAreStored) {
  EXPECT_FALSE(merge_after({1, 2}, stream({2, 5}, entries(2, 4, 5)), rows(entries(1, 3, 4)), older_stored));
  EXPECT_TRUE(merge_after({1, 2}, stream({2, 5}, entries(2, 4, 5)), rows(entries(1, 3, 4) + entries(2, 1, 3)),
                          older_stored));
}

TEST(MergeAfter, APageInsideOneEpochIsProvenByItsNumbers) {
  auto found = rows(entries(1, 3, 9));
  found.more = true;
  const auto page = merge_after({1, 2}, stream({2, 5}, entries(2, 1, 5)), found, none_stored);
  ASSERT_TRUE(page);
  EXPECT_EQ(numbers(page->entries), "1/3 1/4 1/5 1/6 1/7 1/8 1/9");
  EXPECT_TRUE(page->more);
}

TEST(MergeAfter, WhatLiesBehindTheStreamsPageIsLeftForTheNext) {
  auto old = stream({2, 900}, entries(1, 3, 4));
  old.more = true;
  const auto page = merge_after({1, 2}, old, rows(entries(1, 3, 6)), older_stored);
  ASSERT_TRUE(page);
  EXPECT_EQ(numbers(page->entries), "1/3 1/4");
  EXPECT_TRUE(page->more);
}

TEST(MergeAfter, ARestartedRedisMayHaveForgottenItsLastNumbers) {
  auto restarted = stream({1, 4}, entries(1, 3, 4));
  restarted.same_run = false;
  EXPECT_FALSE(merge_after({1, 2}, restarted, rows(entries(1, 3, 6)), none_stored));
  const auto page = merge_after({1, 2}, restarted, rows(entries(1, 3, 6)), older_stored);
  ASSERT_TRUE(page);
  EXPECT_EQ(numbers(page->entries), "1/3 1/4 1/5 1/6");
  EXPECT_EQ(page->newest, (Cursor{1, 6})) << "live messages up to there must not come again";
}

TEST(MergeAfter, APageIsBoundedInMessagesAndBytes) {
  const auto many =
      merge_after({1, 0}, stream({1, 1500}, entries(1, 801, 1500)), rows(entries(1, 1, 800)), {});
  ASSERT_TRUE(many);
  EXPECT_EQ(many->entries.size(), 1000U);
  EXPECT_EQ(many->entries.back().cursor, (Cursor{1, 1000}));
  EXPECT_TRUE(many->more);
  auto large = entries(1, 1, 3);
  for (RoomEntry& each : large) each.message.assign(100'000, 'x');
  const auto two = merge_after({1, 0}, stream({1, 3}, {}), rows(large), {});
  ASSERT_TRUE(two);
  EXPECT_EQ(numbers(two->entries), "1/1 1/2");
  EXPECT_TRUE(two->more);
}

TEST(RowsWantedUntil, EndsWhereTheStreamHasEverything) {
  EXPECT_EQ(rows_wanted_until({1, 2}, stream({1, 7}, entries(1, 5, 7))), (Cursor{1, 5}));
  EXPECT_EQ(rows_wanted_until({1, 2}, stream({2, 2}, entries(1, 4, 4) + entries(2, 1, 2))), (Cursor{2, 1}))
      << "an older epoch's end may be missing in the stream";
  EXPECT_EQ(rows_wanted_until({1, 2}, stream({1, 7}, {})), (Cursor{1, 8}));
}

TEST(RowsWantedUntil, I3TakesInTheEpochsThatRedisLostWithAnOlderSnapshot) {
  auto restarted = stream({5, 7}, entries(5, 5, 7));
  restarted.same_run = false;
  EXPECT_EQ(rows_wanted_until({4, 2}, restarted).epoch, max_json_integer);
}

TEST(MergeBefore, GoesFromTheStreamIntoTheRowsWithoutAHole) {
  const auto page =
      merge_before({1, 7}, 4, stream({1, 9}, entries(1, 5, 6)), rows(entries(1, 1, 4)), none_stored);
  ASSERT_TRUE(page);
  EXPECT_EQ(numbers(page->entries), "1/3 1/4 1/5 1/6");
  EXPECT_TRUE(page->more);
  EXPECT_FALSE(
      merge_before({1, 7}, 4, stream({1, 9}, entries(1, 5, 6)), rows(entries(1, 1, 3)), none_stored));
  EXPECT_TRUE(merge_before({1, 7}, 4, stream({1, 9}, entries(1, 5, 6)), rows(entries(1, 1, 3)), all_stored));
}

TEST(MergeBefore, TheFirstMessageEndsIt) {
  const auto page = merge_before({1, 3}, 4, stream({1, 9}, {}), rows(entries(1, 1, 2)), none_stored);
  ASSERT_TRUE(page);
  EXPECT_EQ(numbers(page->entries), "1/1 1/2");
  EXPECT_FALSE(page->more);
  EXPECT_FALSE(merge_before({1, 4}, 4, stream({1, 9}, {}), rows(entries(1, 2, 3)), none_stored));
}

TEST(MergeBefore, AnOlderEpochIsEnteredOnceItIsStored) {
  const auto fresh = stream({2, 2}, entries(2, 1, 2));
  EXPECT_FALSE(merge_before({2, 3}, 4, fresh, rows(entries(1, 1, 4)), none_stored));
  const auto page = merge_before({2, 3}, 4, fresh, rows(entries(1, 1, 4)), older_stored);
  ASSERT_TRUE(page);
  EXPECT_EQ(numbers(page->entries), "1/3 1/4 2/1 2/2");
}

TEST(IsEnoughBefore, OnlyAFullPageOfOneEpochThatTouchesTheCursor) {
  auto full = stream({1, 9}, entries(1, 5, 7));
  full.more = true;
  EXPECT_TRUE(is_enough_before({1, 8}, 3, full));
  EXPECT_FALSE(is_enough_before({1, 9}, 3, full));
  EXPECT_FALSE(is_enough_before({1, 8}, 4, full));
  EXPECT_FALSE(is_enough_before({2, 1}, 3, full));
  full.more = false;
  EXPECT_FALSE(is_enough_before({1, 8}, 3, full)) << "whether there are older ones only PostgreSQL knows";
}

TEST(PrependOlder, StopsAtAHole) {
  auto reply = stream({1, 6}, entries(1, 5, 6));
  prepend_older(reply, rows(entries(1, 1, 2) + entries(1, 4, 4)), 10);
  EXPECT_EQ(numbers(reply.entries), "1/4 1/5 1/6");
  prepend_older(reply, rows(entries(1, 1, 3)), 5);
  EXPECT_EQ(numbers(reply.entries), "1/2 1/3 1/4 1/5 1/6");
}

// Of the system before this one: an epoch a second, a seq that tells the place (is_unnumbered).
constexpr std::int64_t old_seq = first_unnumbered_seq;

std::vector<RoomEntry> old_messages() {
  return entries(1, 1, 2) + std::vector{entry(17, old_seq + 5), entry(17, old_seq + 90), entry(19, old_seq)};
}

TEST(MergeBefore, MessagesWithoutDenseNumbersArePagedThroughOnceTheOlderEpochsAreStored) {
  const auto live = stream({first_live_epoch, 1}, entries(first_live_epoch, 1, 1));
  EXPECT_FALSE(merge_before({first_live_epoch, 2}, 9, live, rows(old_messages()), none_stored));
  const auto page = merge_before({first_live_epoch, 2}, 9, live, rows(old_messages()), older_stored);
  ASSERT_TRUE(page);
  EXPECT_EQ(page->entries.size(), 6U);
  const auto before_them = merge_before({17, old_seq + 90}, 9, stream({first_live_epoch, 1}, {}),
                                        rows(std::vector{entry(17, old_seq + 5)}), older_stored);
  ASSERT_TRUE(before_them);
  EXPECT_FALSE(before_them->more);
}

TEST(MergeBefore, ACursorOfThatFormIsNoProofInALiveEpoch) {
  auto restarted = stream({first_live_epoch, 1}, {});
  restarted.same_run = false;
  EXPECT_FALSE(merge_before({first_live_epoch, old_seq}, 9, restarted, rows(entries(first_live_epoch, 1, 1)),
                            older_stored));
}

TEST(MergeAfter, MessagesWithoutDenseNumbersAreReadOnThroughOnceTheOlderEpochsAreStored) {
  const auto live = stream({first_live_epoch, 1}, entries(first_live_epoch, 1, 1));
  EXPECT_FALSE(merge_after({1, 1}, live, rows(old_messages()), none_stored));
  const auto page = merge_after({1, 1}, live, rows(old_messages()), older_stored);
  ASSERT_TRUE(page);
  EXPECT_EQ(page->entries.size(), 5U);
}

TEST(PrependOlder, GoesOnThroughMessagesWithoutDenseNumbers) {
  auto reply = stream({first_live_epoch, 1}, entries(first_live_epoch, 1, 1));
  prepend_older(reply, rows(old_messages()), 10);
  EXPECT_EQ(reply.entries.size(), 6U);
}

/// Numbers `first` to `last` of epoch 1, and what came before was deleted.
HistoryRows pruned_rows(Cursor floor, std::int64_t first, std::int64_t last) {
  auto found = rows(entries(1, first, last));
  found.floor = floor;
  found.knows_voids = true;
  return found;
}

TEST(MergeAfter, I3APageBelowTheFloorIsNeverComplete) {
  const auto found = pruned_rows({1, 4}, 5, 6);
  for (const ProvenStored proven : {none_stored, older_stored, all_stored})
    EXPECT_FALSE(merge_after({1, 3}, stream({1, 7}, entries(1, 7, 7)), found, proven));
  const auto page = merge_after({1, 4}, stream({1, 7}, entries(1, 7, 7)), found, none_stored);
  ASSERT_TRUE(page) << "a cursor at the floor misses nothing";
  EXPECT_TRUE(page->complete);
  EXPECT_EQ(numbers(page->entries), "1/5 1/6 1/7");
}

TEST(MergeBefore, I3APageThatReachesTheFloorHasNothingOlderAndIsNotComplete) {
  const auto page =
      merge_before({1, 8}, 10, stream({1, 9}, entries(1, 7, 7)), pruned_rows({1, 4}, 5, 6), none_stored);
  ASSERT_TRUE(page);
  EXPECT_EQ(numbers(page->entries), "1/5 1/6 1/7");
  EXPECT_FALSE(page->more);
  EXPECT_FALSE(page->complete);
  EXPECT_EQ(page->pruned_to, (Cursor{1, 4}));
}

TEST(MergeBefore, APageAboveTheFloorSaysNothingOfIt) {
  auto found = pruned_rows({1, 4}, 6, 6);
  found.more = true;
  const auto page = merge_before({1, 8}, 2, stream({1, 9}, entries(1, 7, 7)), found, none_stored);
  ASSERT_TRUE(page);
  EXPECT_TRUE(page->more);
  EXPECT_TRUE(page->complete);
  EXPECT_FALSE(page->pruned_to);
}

TEST(MergeBefore, APageAtOrBelowTheFloorIsEmptyAndProven) {
  for (const Cursor before : {Cursor{1, 5}, Cursor{1, 3}}) {
    const auto page = merge_before(before, 10, stream({1, 9}, {}), pruned_rows({1, 4}, 5, 4), none_stored);
    ASSERT_TRUE(page);
    EXPECT_TRUE(page->entries.empty());
    EXPECT_EQ(page->pruned_to, (Cursor{1, 4}));
  }
}

TEST(MergeBefore, AHoleAboveTheFloorIsStillAHole) {
  EXPECT_FALSE(
      merge_before({1, 8}, 10, stream({1, 9}, entries(1, 7, 7)), pruned_rows({1, 4}, 6, 6), none_stored));
}

TEST(MergeBefore, MessagesThatRedisBringsBackAreNotShown) {
  auto old = stream({1, 9}, entries(1, 2, 7));
  old.more = true;
  const auto page = merge_before({1, 8}, 6, old, pruned_rows({1, 4}, 5, 6), none_stored);
  ASSERT_TRUE(page);
  EXPECT_EQ(numbers(page->entries), "1/5 1/6 1/7");
  EXPECT_FALSE(page->more);
}

TEST(PrependOlder, SaysThatTheFloorLeftFewerThanWereWanted) {
  auto reply = stream({1, 7}, entries(1, 7, 7));
  prepend_older(reply, pruned_rows({1, 4}, 5, 6), 5);
  EXPECT_EQ(numbers(reply.entries), "1/5 1/6 1/7");
  EXPECT_EQ(reply.pruned_to, (Cursor{1, 4}));
  reply = stream({1, 7}, entries(1, 7, 7));
  prepend_older(reply, pruned_rows({1, 4}, 5, 6), 3);
  EXPECT_FALSE(reply.pruned_to) << "there were as many as were wanted";
}

}  // namespace
}  // namespace chat::gateway
