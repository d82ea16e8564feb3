#include "persister/pipeline/persister_status.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chat::persister {
namespace {

using ::testing::ElementsAre;

TEST(PersisterStatus, StartsUnreadyWithTheDatabaseNamed) {
  const PersisterStatus status;
  const auto readiness = status.readiness();
  EXPECT_FALSE(readiness.ready);
  EXPECT_EQ(readiness.status, "starting");
  EXPECT_THAT(readiness.degraded, ElementsAre("postgres"));
}

TEST(PersisterStatus, IsReadyWhenItHasJoinedAndDegradedWhereAServerIsAway) {
  PersisterStatus status;
  status.joined = true;
  status.database_ok = true;
  EXPECT_TRUE(status.readiness().ready);
  EXPECT_EQ(status.readiness().status, "ready");
  status.database_ok = false;
  status.brokers_ok = false;
  EXPECT_TRUE(status.readiness().ready);
  EXPECT_EQ(status.readiness().status, "degraded");
  EXPECT_THAT(status.readiness().degraded, ElementsAre("postgres", "kafka"));
}

TEST(PersisterStatus, IsNotReadyWhileItStops) {
  PersisterStatus status;
  status.joined = true;
  status.stopping = true;
  EXPECT_FALSE(status.readiness().ready);
  EXPECT_EQ(status.readiness().status, "draining");
}

}  // namespace
}  // namespace chat::persister
