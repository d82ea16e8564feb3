#include "gateway/worker/reconnect_spread.hpp"

#include <set>

#include <gtest/gtest.h>

namespace chat::gateway {
namespace {

TEST(ReconnectSpread, CoversAllTimesBetweenItsBounds) {
  ReconnectSpread spread(5, 7, 1);
  std::set<int> times;
  for (int i = 0; i < 200; ++i) times.insert(spread.next_ms());
  EXPECT_EQ(times, (std::set<int>{5, 6, 7}));
}

TEST(ReconnectSpread, TheSameSeedGivesTheSameTimes) {
  ReconnectSpread one(0, 1'000'000, 42), other(0, 1'000'000, 42);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(one.next_ms(), other.next_ms());
}

}  // namespace
}  // namespace chat::gateway
