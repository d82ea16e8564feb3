#include "gateway/worker/departure.hpp"

#include <algorithm>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/seeded_random.hpp"

namespace chat::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::vector<Departure> all(std::size_t turns, milliseconds span, bool obey) {
  test::SeededRandom random(1);
  std::vector<Departure> departures;
  for (std::size_t turn = 0; turn < turns; ++turn)
    departures.push_back(departure(turn, turns, span, obey, random));
  return departures;
}

/// The most closes within one second.
std::ptrdiff_t peak(std::vector<Departure> departures) {
  std::ranges::sort(departures, {}, &Departure::close_after);
  std::ptrdiff_t most = 0;
  for (auto first = departures.begin(); first != departures.end(); ++first) {
    const auto end = std::ranges::lower_bound(first, departures.end(), first->close_after + seconds(1), {},
                                              &Departure::close_after);
    most = std::max(most, end - first);
  }
  return most;
}

TEST(DepartureTest, EverySecondOfTheSpanHasTheSameNumberOfThem) {
  const auto departures = all(10'000, seconds(20), false);
  for (const Departure& one : departures) {
    EXPECT_GE(one.close_after, seconds(0));
    EXPECT_LT(one.close_after, seconds(20));
    EXPECT_EQ(one.reconnect_after, one.close_after);
  }
  EXPECT_LE(peak(departures), 10'000 / 20 + 2);
}

TEST(DepartureTest, AClientThatObeysHasASecondToLeaveByItselfAndIsClosedWithinTheSpan) {
  for (const Departure& one : all(500, seconds(10), true)) {
    EXPECT_EQ(one.close_after, one.reconnect_after + seconds(1));
    EXPECT_LT(one.close_after, seconds(10));
  }
  for (const Departure& one : all(5, milliseconds(500), true))
    EXPECT_EQ(one.close_after, one.reconnect_after + milliseconds(250));
}

TEST(DepartureTest, EachHasATimeOfItsOwnAndOneAloneAnyOfTheSpan) {
  std::set<milliseconds> times;
  for (const Departure& one : all(100, seconds(10), false)) times.insert(one.close_after);
  EXPECT_EQ(times.size(), 100U);
  test::SeededRandom random(2);
  std::set<milliseconds> alone;
  for (int i = 0; i < 20; ++i) alone.insert(departure(0, 1, seconds(10), false, random).close_after);
  EXPECT_GT(alone.size(), 10U);
}

TEST(DepartureTest, WithoutASpanAllAreClosedAtOnceAndComeBackAtDifferentTimes) {
  std::set<milliseconds> times;
  for (const Departure& one : all(50, seconds(0), true)) {
    EXPECT_EQ(one.close_after, seconds(0));
    EXPECT_GE(one.reconnect_after, milliseconds(200));
    EXPECT_LE(one.reconnect_after, milliseconds(2000));
    times.insert(one.reconnect_after);
  }
  EXPECT_GT(times.size(), 25U);
}

TEST(DepartureTest, MoreClientsThanMillisecondsFitIntoTheSpan) {
  const auto departures = all(3'000, seconds(1), false);
  EXPECT_TRUE(
      std::ranges::all_of(departures, [](const Departure& one) { return one.close_after < seconds(1); }));
}

}  // namespace
}  // namespace chat::gateway
