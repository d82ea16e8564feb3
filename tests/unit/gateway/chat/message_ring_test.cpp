#include "gateway/chat/message_ring.hpp"

#include <gtest/gtest.h>

#include "tests/unit/gateway/chat/fakes.hpp"

namespace chat::gateway {
namespace {

using testing::room_message;

struct MessageRingTest : ::testing::Test {
  MessageRing ring;

  void push(std::int64_t epoch, std::int64_t first, std::int64_t last) {
    for (std::int64_t seq = first; seq <= last; ++seq) ring.push(room_message(epoch, seq));
  }
};

TEST_F(MessageRingTest, CoversFromInFrontOfItsOldestToItsNewest) {
  EXPECT_FALSE(ring.covers({5, 0}));
  push(5, 10, 14);
  EXPECT_FALSE(ring.covers({5, 8}));
  EXPECT_TRUE(ring.covers({5, 9}));
  EXPECT_TRUE(ring.covers({5, 14}));
  EXPECT_FALSE(ring.covers({5, 15})) << "beyond the newest";
  EXPECT_FALSE(ring.covers({4, 12})) << "another epoch";
}

TEST_F(MessageRingTest, APageHasTheMessagesAsTheyWereShown) {
  push(5, 10, 14);
  const auto page = ring.page_after({5, 12}, {5, 11});
  EXPECT_TRUE(page->available && page->complete);
  EXPECT_FALSE(page->more);
  EXPECT_EQ(page->newest, (Cursor{5, 14}));
  EXPECT_EQ(page->stored, (Cursor{5, 11}));
  ASSERT_EQ(page->entries.size(), 2U);
  EXPECT_EQ(page->entries[0].cursor, (Cursor{5, 13}));
  EXPECT_EQ(page->entries[1].message, "m14");
  EXPECT_TRUE(ring.page_after({5, 14}, {})->entries.empty());
}

TEST_F(MessageRingTest, EqualCursorsShareAPageUntilTheNextMessage) {
  push(5, 10, 14);
  const auto page = ring.page_after({5, 12}, {});
  EXPECT_EQ(ring.page_after({5, 12}, {}), page);
  EXPECT_EQ(ring.page_after({5, 12}, {5, 11})->stored, (Cursor{5, 11})) << "the watermark rose";
  push(5, 15, 15);
  EXPECT_EQ(ring.page_after({5, 12}, {})->entries.size(), 3U);
}

TEST_F(MessageRingTest, I3WhatDoesNotFollowBeginsAnew) {
  push(5, 10, 14);
  push(5, 16, 17);
  EXPECT_FALSE(ring.covers({5, 14}));
  EXPECT_TRUE(ring.covers({5, 15}));
  push(6, 1, 2);
  EXPECT_FALSE(ring.covers({5, 17}));
  EXPECT_TRUE(ring.covers({6, 0}));
}

TEST_F(MessageRingTest, I6IsBoundedInMessagesAndBytes) {
  push(5, 1, 1000);
  const auto most = static_cast<std::int64_t>(MessageRing::max_messages);
  EXPECT_FALSE(ring.covers({5, 1000 - most - 1}));
  ASSERT_TRUE(ring.covers({5, 1000 - most}));
  EXPECT_EQ(ring.page_after({5, 1000 - most}, {})->entries.front().message,
            "m" + std::to_string(1001 - most));
  const std::string large(MessageRing::max_bytes / 4, 'x');
  for (std::int64_t seq = 1001; seq <= 1010; ++seq)
    ring.push({{5, seq}, ws::make_frame(ws::Opcode::text, large)});
  EXPECT_FALSE(ring.covers({5, 1006}));
  EXPECT_TRUE(ring.covers({5, 1007}));
  ring.push({{5, 1011}, ws::make_frame(ws::Opcode::text, std::string(MessageRing::max_bytes, 'x'))});
  EXPECT_FALSE(ring.covers({5, 1009}));
  EXPECT_TRUE(ring.covers({5, 1010})) << "the newest stays, however large";
}

TEST_F(MessageRingTest, IsForgottenAfterAMinuteWithoutAMessage) {
  push(5, 1, 2);
  for (int second = 0; second < 59; ++second) ring.sweep();
  EXPECT_TRUE(ring.covers({5, 1}));
  push(5, 3, 3);
  for (int second = 0; second < 59; ++second) ring.sweep();
  EXPECT_TRUE(ring.covers({5, 1}));
  ring.sweep();
  EXPECT_FALSE(ring.covers({5, 1}));
}

}  // namespace
}  // namespace chat::gateway
