#include "gateway/app/drain_phases.hpp"

#include <gtest/gtest.h>

namespace chat::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct DrainPhasesTest : testing::Test {
  /// The phase after so much more time.
  DrainPhase after(milliseconds time) {
    now += time;
    phases.advance(view, now);
    return phases.phase();
  }

  DrainPhases::TimePoint now{seconds(100)};
  DrainPhases phases{{seconds(5), seconds(20), seconds(4), seconds(15)}, now};
  DrainView view{.clients = 10, .departures = 10, .accepts_in_flight = 3};
};

TEST_F(DrainPhasesTest, GoesOnWhenItsPhaseHasDoneItsWork) {
  EXPECT_EQ(after(seconds(0)), DrainPhase::announcing);
  EXPECT_EQ(after(seconds(5)), DrainPhase::moving);
  EXPECT_EQ(after(seconds(1)), DrainPhase::moving);
  view = {.clients = 2, .departures = 0, .accepts_in_flight = 3};
  EXPECT_EQ(after(seconds(1)), DrainPhase::settling);
  EXPECT_EQ(after(seconds(1)), DrainPhase::settling);
  view.accepts_in_flight = 0;
  EXPECT_EQ(after(seconds(0)), DrainPhase::flushing);
  EXPECT_EQ(after(seconds(0)), DrainPhase::closing);
  EXPECT_EQ(after(seconds(0)), DrainPhase::closing);
  view.clients = 0;
  EXPECT_EQ(after(seconds(0)), DrainPhase::done);
  EXPECT_FALSE(phases.advance(view, now));
}

TEST_F(DrainPhasesTest, WaitsForTheBalancerEvenWithoutClients) {
  view = {};
  EXPECT_EQ(after(milliseconds(4'999)), DrainPhase::announcing);
  EXPECT_EQ(after(milliseconds(1)), DrainPhase::moving);
  EXPECT_EQ(after(seconds(0)), DrainPhase::settling);
}

TEST_F(DrainPhasesTest, NoClientAndNoServerHoldsItLongerThanItsLimits) {
  EXPECT_EQ(after(seconds(5)), DrainPhase::moving);
  EXPECT_EQ(after(milliseconds(19'999)), DrainPhase::moving);
  EXPECT_EQ(after(milliseconds(1)), DrainPhase::settling);
  EXPECT_EQ(after(milliseconds(3'999)), DrainPhase::settling);
  EXPECT_EQ(after(milliseconds(1)), DrainPhase::flushing);
  EXPECT_EQ(after(seconds(0)), DrainPhase::closing);
  EXPECT_EQ(after(milliseconds(14'999)), DrainPhase::closing);
  EXPECT_EQ(after(milliseconds(1)), DrainPhase::done);
}

}  // namespace
}  // namespace chat::gateway
