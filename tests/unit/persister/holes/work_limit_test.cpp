#include "persister/holes/work_limit.hpp"

#include <gtest/gtest.h>

#include "tests/support/manual_clock.hpp"

namespace chat::persister {
namespace {

using std::chrono::milliseconds;

TEST(WorkLimitTest, is_over_after_its_time_or_at_a_stop) {
  chat::test::ManualClock clock;
  std::stop_source stop;
  const WorkLimit limit(clock, milliseconds{250}, stop.get_token());
  EXPECT_FALSE(limit.is_over());
  clock.sleep(milliseconds{249});
  EXPECT_FALSE(limit.is_over());
  clock.sleep(milliseconds{1});
  EXPECT_TRUE(limit.is_over());
  const WorkLimit other(clock, milliseconds{250}, stop.get_token());
  EXPECT_FALSE(other.is_over());
  stop.request_stop();
  EXPECT_TRUE(other.is_over());
}

}  // namespace
}  // namespace chat::persister
