#include "gateway/bus/page_limits.hpp"

#include <gtest/gtest.h>

namespace chat::gateway {
namespace {

TEST(PageFill, TakesMessagesUpToTheirNumber) {
  PageFill fill(2, 100);
  EXPECT_TRUE(fill.take(1));
  EXPECT_TRUE(fill.take(1));
  EXPECT_FALSE(fill.take(1));
  EXPECT_EQ(fill.entries(), 2U);
}

TEST(PageFill, TakesMessagesUpToTheirBytesButTheFirstAlways) {
  PageFill fill(10, 100);
  EXPECT_TRUE(fill.take(60));
  EXPECT_FALSE(fill.take(41));
  EXPECT_TRUE(fill.take(40));
  PageFill small(10, 100);
  EXPECT_TRUE(small.take(101));
  EXPECT_FALSE(small.take(0));
}

TEST(PageFill, MayTakeNone) {
  PageFill fill(0, 100);
  EXPECT_FALSE(fill.take(1));
}

}  // namespace
}  // namespace chat::gateway
