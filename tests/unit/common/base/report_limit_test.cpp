#include "common/base/report_limit.hpp"

#include <gtest/gtest.h>

#include "tests/support/manual_clock.hpp"

namespace chat {
namespace {

using std::chrono::milliseconds;

TEST(ReportLimitTest, allows_the_first_line_and_then_one_a_period) {
  test::ManualClock clock;
  ReportLimit limit(milliseconds{100});
  EXPECT_TRUE(limit.allows(clock.now()));
  EXPECT_FALSE(limit.allows(clock.now()));
  clock.sleep(milliseconds{99});
  EXPECT_FALSE(limit.allows(clock.now()));
  clock.sleep(milliseconds{1});
  EXPECT_TRUE(limit.allows(clock.now()));
}

TEST(ReportLimitTest, a_new_beginning_makes_the_first_line_wait) {
  test::ManualClock clock;
  ReportLimit limit(milliseconds{100});
  limit.begin(clock.now());
  EXPECT_FALSE(limit.allows(clock.now()));
  clock.sleep(milliseconds{100});
  EXPECT_TRUE(limit.allows(clock.now()));
}

}  // namespace
}  // namespace chat
