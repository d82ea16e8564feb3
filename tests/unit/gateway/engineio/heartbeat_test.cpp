#include "gateway/engineio/heartbeat.hpp"

#include <gtest/gtest.h>

namespace chat::gateway::engineio {
namespace {

using std::chrono::milliseconds;

struct HeartbeatTest : ::testing::Test {
  const Heartbeat::TimePoint begin{std::chrono::hours(1)};
  Heartbeat heartbeat{milliseconds(300), milliseconds(200)};

  Heartbeat::TimePoint at(int ms) const { return begin + milliseconds(ms); }
  void SetUp() override { heartbeat.start(begin); }
};

TEST_F(HeartbeatTest, ThePingIsDueOneIntervalAfterTheStartAndAfterEachPong) {
  EXPECT_EQ(heartbeat.deadline(), at(300));
  EXPECT_FALSE(heartbeat.is_ping_due(at(299)));
  EXPECT_TRUE(heartbeat.is_ping_due(at(300)));
  heartbeat.on_ping(at(300));
  heartbeat.on_pong(at(350));
  EXPECT_EQ(heartbeat.deadline(), at(650));
}

TEST_F(HeartbeatTest, AClientIsOverdueOneTimeoutAfterThePing) {
  heartbeat.on_ping(at(300));
  EXPECT_EQ(heartbeat.deadline(), at(500));
  EXPECT_FALSE(heartbeat.is_ping_due(at(10'000))) << "one ping at a time";
  EXPECT_FALSE(heartbeat.is_client_overdue(at(499)));
  EXPECT_TRUE(heartbeat.is_client_overdue(at(500)));
}

TEST_F(HeartbeatTest, TheClientsTimeBeginsWhenThePingWasDue) {
  heartbeat.on_ping(at(399));
  EXPECT_EQ(heartbeat.deadline(), at(500));
}

TEST_F(HeartbeatTest, AfterALongDelayTheClientHasAllOfItsTime) {
  heartbeat.on_ping(at(400));
  EXPECT_EQ(heartbeat.deadline(), at(600));
}

TEST_F(HeartbeatTest, AnExtensionIsOneMoreTimeout) {
  heartbeat.on_ping(at(300));
  heartbeat.extend(at(500));
  EXPECT_EQ(heartbeat.deadline(), at(700));
}

TEST_F(HeartbeatTest, AClosingSessionSendsNoPingAndEndsInTime) {
  heartbeat.close_by(at(1000));
  EXPECT_FALSE(heartbeat.is_ping_due(at(5000)));
  EXPECT_EQ(heartbeat.deadline(), at(1000));
  heartbeat.close_by(at(2000));
  EXPECT_EQ(heartbeat.deadline(), at(1000)) << "an earlier deadline stands";
}

TEST_F(HeartbeatTest, AfterTheEndNothingIsDue) {
  heartbeat.on_ping(at(300));
  heartbeat.stop();
  EXPECT_EQ(heartbeat.deadline(), Heartbeat::TimePoint::max());
}

}  // namespace
}  // namespace chat::gateway::engineio
