#include "gateway/journal/batch_size.hpp"

#include <gtest/gtest.h>

namespace chat::gateway {
namespace {

TEST(BatchSizeTest, halves_until_every_record_is_alone) {
  BatchSize size(1'000'000);
  EXPECT_FALSE(size.is_reduced());
  int steps = 0;
  for (; !size.was_alone(300); ++steps) size.halve();
  EXPECT_LT(steps, 13);
  EXPECT_TRUE(size.is_reduced());
  for (int i = 0; i < 20; ++i) size.halve();
  EXPECT_EQ(size.bytes(), 1u);
}

TEST(BatchSizeTest, follows_the_topics_limit_down_and_up_to_its_own_most) {
  BatchSize size(1'000'000);
  EXPECT_GT(size.record_limit_bytes(), 1'000'000'000u);
  EXPECT_TRUE(size.follow(20'000));
  EXPECT_LT(size.bytes(), 20'000u);
  EXPECT_EQ(size.record_limit_bytes(), size.bytes());
  EXPECT_TRUE(size.follow(5'000'000));
  EXPECT_EQ(size.bytes(), 1'000'000u);
  EXPECT_GT(size.record_limit_bytes(), 1'000'000u);
  EXPECT_FALSE(size.follow(6'000'000));
}

TEST(BatchSizeTest, a_limit_told_again_does_not_undo_what_was_learned) {
  BatchSize size(1'000'000);
  size.follow(1'048'588);
  size.halve();
  EXPECT_FALSE(size.follow(1'048'588));
  EXPECT_EQ(size.bytes(), 500'000u);
}

}  // namespace
}  // namespace chat::gateway
