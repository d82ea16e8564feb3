#include "common/kafka/topic_health.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chat::kafka {
namespace {

using testing::HasSubstr;

constexpr int unknown_topic = 3;
constexpr int topic_authorization_failed = 29;
constexpr int timed_out = -185;

TopicHealth healthy() {
  TopicHealth health;
  health.exists = true;
  health.partitions = {{0, true, 3}, {1, true, 2}};
  health.min_in_sync = 2;
  return health;
}

std::string cause_of(const TopicHealth& health) {
  const auto trouble = trouble_of("T", health);
  return trouble ? trouble->cause : "none";
}

TEST(TopicHealth, leaders_with_enough_replicas_in_sync_and_an_allowed_write_are_no_trouble) {
  EXPECT_EQ(cause_of(healthy()), "none");
}

TEST(TopicHealth, each_cause_is_named_and_has_a_remedy) {
  auto health = healthy();
  health.partitions[1].has_leader = false;
  EXPECT_EQ(cause_of(health), "no_leader");
  EXPECT_THAT(trouble_of("T", health)->reason, HasSubstr("partition 1 of topic T"));
  health = healthy();
  health.partitions[1].in_sync = 1;
  EXPECT_EQ(cause_of(health), "too_few_replicas");
  EXPECT_THAT(trouble_of("T", health)->reason, HasSubstr("min.insync.replicas (2)"));
  health = healthy();
  health.write_error = topic_authorization_failed;
  EXPECT_EQ(cause_of(health), "not_authorized");
  EXPECT_THAT(trouble_of("T", health)->remedy, HasSubstr("Write"));
  health = healthy();
  health.exists = false;
  EXPECT_EQ(cause_of(health), "no_topic");
  health.error = timed_out;
  EXPECT_EQ(cause_of(health), "unreachable");
}

TEST(TopicHealth, replicas_count_only_against_a_number_that_is_known) {
  auto health = healthy();
  health.partitions[1].in_sync = 1;
  health.min_in_sync.reset();
  EXPECT_EQ(cause_of(health), "none");
}

TEST(TopicHealth, an_error_without_a_meaning_of_its_own_is_told_in_kafkas_words) {
  constexpr int policy_violation = 44;
  const auto trouble = trouble_of_error("T", policy_violation, "no such records");
  EXPECT_EQ(trouble.cause, "refused");
  EXPECT_THAT(trouble.reason, HasSubstr("no such records"));
  EXPECT_EQ(trouble_of_error("T", unknown_topic, "").cause, "no_topic");
}

}  // namespace
}  // namespace chat::kafka
