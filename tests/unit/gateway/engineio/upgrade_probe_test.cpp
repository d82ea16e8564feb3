#include "gateway/engineio/upgrade_probe.hpp"

#include <gtest/gtest.h>

#include "tests/unit/gateway/engineio/fake_socket.hpp"

namespace chat::gateway::engineio {
namespace {

using Step = UpgradeProbe::Step;

struct UpgradeProbeTest : ::testing::Test {
  const UpgradeProbe::TimePoint deadline{std::chrono::hours(1)};
  const EnginePacket ping{EngineType::ping, "probe", false};
  const EnginePacket upgrade{EngineType::upgrade, "", false};
  testing::FakeSocket socket, second;
  UpgradeProbe probe;
};

TEST_F(UpgradeProbeTest, ThePingIsAnsweredAndThenTheUpgradeComes) {
  ASSERT_TRUE(probe.begin(socket, deadline));
  EXPECT_EQ(probe.deadline(), deadline);
  EXPECT_FALSE(probe.is_answered());
  EXPECT_EQ(probe.on_packet(ping), Step::stop_polls);
  EXPECT_EQ(socket.take(), std::vector<std::string>{"3probe"});
  EXPECT_TRUE(probe.is_answered());
  EXPECT_EQ(probe.on_packet(upgrade), Step::upgrade);
  EXPECT_EQ(probe.complete(), &socket);
  EXPECT_FALSE(socket.is_closed);
  EXPECT_FALSE(probe.is_on(socket));
  EXPECT_EQ(probe.deadline(), UpgradeProbe::TimePoint::max());
}

TEST_F(UpgradeProbeTest, OneAtATime) {
  ASSERT_TRUE(probe.begin(socket, deadline));
  EXPECT_FALSE(probe.begin(second, deadline));
  EXPECT_TRUE(probe.is_on(socket));
  probe.abandon();
  EXPECT_TRUE(socket.is_closed);
  EXPECT_TRUE(probe.begin(second, deadline));
}

TEST_F(UpgradeProbeTest, AnyOtherPacketAbandonsIt) {
  ASSERT_TRUE(probe.begin(socket, deadline));
  EXPECT_EQ(probe.on_packet(upgrade), Step::abandon) << "the ping is missing";
  EXPECT_EQ(probe.on_packet(EnginePacket{EngineType::ping, "", false}), Step::abandon);
  EXPECT_EQ(probe.on_packet(EnginePacket{EngineType::message, "x", false}), Step::abandon);
  EXPECT_EQ(probe.on_packet(std::nullopt), Step::abandon) << "a broken one";
}

TEST_F(UpgradeProbeTest, AnAbandonedProbeIsForgotten) {
  ASSERT_TRUE(probe.begin(socket, deadline));
  probe.on_packet(ping);
  probe.abandon();
  EXPECT_FALSE(probe.is_answered());
  EXPECT_EQ(probe.deadline(), UpgradeProbe::TimePoint::max());
  probe.abandon();
}

}  // namespace
}  // namespace chat::gateway::engineio
