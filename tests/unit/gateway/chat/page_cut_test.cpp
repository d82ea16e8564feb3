#include "gateway/chat/page_cut.hpp"

#include <utility>

#include <gtest/gtest.h>

#include "tests/unit/gateway/chat/room_fixture.hpp"

namespace chat::gateway {
namespace {

std::shared_ptr<const ReadReply> page_of(std::int64_t first, std::int64_t last) {
  return std::make_shared<const ReadReply>(testing::page_of(first, last));
}

// Each message of these pages has one byte, and the comma.
TEST(PageCut, APageThatFitsIsPassedOnAsItIs) {
  const auto page = page_of(1, 3);
  EXPECT_EQ(cut_to(6, PageKind::after, page), page);
  EXPECT_EQ(cut_to(6, PageKind::before, page), page);
  const auto empty = page_of(1, 0);
  EXPECT_EQ(cut_to(0, PageKind::after, empty), empty);
}

TEST(PageCut, AfterACursorTheOldestStay) {
  const auto part = cut_to(5, PageKind::after, page_of(1, 3));
  ASSERT_EQ(part->entries.size(), 2U);
  EXPECT_EQ(part->entries.front().cursor.seq, 1);
  EXPECT_TRUE(part->more);
  EXPECT_TRUE(part->available);
  EXPECT_TRUE(part->complete);
  EXPECT_EQ(part->newest, (Cursor{1, 3}));
}

TEST(PageCut, BeforeACursorTheNewestStay) {
  const auto part = cut_to(5, PageKind::before, page_of(1, 3));
  ASSERT_EQ(part->entries.size(), 2U);
  EXPECT_EQ(part->entries.front().cursor.seq, 2);
  EXPECT_TRUE(part->more);
}

TEST(PageCut, TheLastMessagesEndAtTheNewestAndHaveNoMore) {
  const auto part = cut_to(5, PageKind::last, page_of(1, 3));
  ASSERT_EQ(part->entries.size(), 2U);
  EXPECT_EQ(part->entries.back().cursor.seq, 3);
  EXPECT_FALSE(part->more);
}

TEST(PageCut, OneMessageIsLeftAlsoWhereNothingFits) {
  EXPECT_EQ(cut_to(0, PageKind::after, page_of(1, 3))->entries.size(), 1U);
  EXPECT_EQ(cut_to(0, PageKind::before, page_of(1, 3))->entries.size(), 1U);
  const auto page = page_of(1, 1);
  EXPECT_EQ(cut_to(0, PageKind::last, page), page);
}

TEST(PageCut, OnlyAPageThatKeepsItsOldestMessagesStillBeginsAtTheFloor) {
  auto pruned = *page_of(1, 3);
  pruned.pruned_to = Cursor{1, 0};
  const auto page = std::make_shared<const ReadReply>(pruned);
  EXPECT_TRUE(cut_to(5, PageKind::after, page)->pruned_to);
  EXPECT_FALSE(cut_to(5, PageKind::before, page)->pruned_to);
  EXPECT_FALSE(cut_to(5, PageKind::last, page)->pruned_to);
}

}  // namespace
}  // namespace chat::gateway
