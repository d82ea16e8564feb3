#include "common/kafka/durability.hpp"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chat::kafka {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

DescribedSettings described(const std::string& min_insync, const std::string& unclean,
                            bool is_topics_own = false) {
  return {{"min.insync.replicas", {min_insync, is_topics_own}},
          {"unclean.leader.election.enable", {unclean, is_topics_own}},
          {"preallocate", {"true", is_topics_own}}};
}

DescribedSettings deletion(const std::string& policy, const std::string& retention_ms,
                           const std::string& retention_bytes) {
  return {{"cleanup.policy", {policy, true}},
          {"retention.ms", {retention_ms, true}},
          {"retention.bytes", {retention_bytes, true}}};
}

DescribedSettings clock(const std::string& type, const std::string& before, const std::string& after,
                        bool is_topics_own = false) {
  return {{"message.timestamp.type", {type, is_topics_own}},
          {"message.timestamp.before.max.ms", {before, is_topics_own}},
          {"message.timestamp.after.max.ms", {after, is_topics_own}}};
}

DurabilityFacts facts_of(const DescribedSettings& topic,
                         const std::map<std::int32_t, Result<DescribedSettings>>& brokers = {}) {
  return durability_facts(3, "T", topic, brokers);
}

TEST(DurabilityFacts, the_topics_own_settings_hold_on_every_broker) {
  const auto facts = durability_facts(3, "T", described("2", "false", true), {{1, described("1", "true")}});
  EXPECT_EQ(facts.replicas, 3);
  EXPECT_EQ(facts.min_insync_replicas, 2);
  EXPECT_EQ(facts.unclean_leader_election, false);
  EXPECT_THAT(facts.unreadable, IsEmpty());
}

TEST(DurabilityFacts, what_the_topic_leaves_to_the_brokers_is_what_the_worst_of_them_has) {
  const auto facts = durability_facts(3, "T", described("3", "false"),
                                      {{1, described("2", "true")}, {2, described("4", "false")}});
  EXPECT_EQ(facts.min_insync_replicas, 2);
  EXPECT_EQ(facts.unclean_leader_election, true);
}

TEST(DurabilityFacts, each_who_does_not_tell_is_named_with_its_reason) {
  const auto facts = durability_facts(std::nullopt, "T", Error{"not allowed"},
                                      {{1, described("2", "false")}, {7, Error{"no answer"}}});
  EXPECT_THAT(facts.unreadable, ElementsAre(HasSubstr("partitions of topic T"), "topic T (not allowed)",
                                            "broker 7 (no answer)"));
  EXPECT_EQ(facts.min_insync_replicas, 2);
}

TEST(DurabilityFacts, brokers_are_asked_only_where_the_topic_leaves_something_to_them) {
  DescribedSettings own = described("2", "false", true);
  own.merge(deletion("delete", "1", "-1"));
  own.merge(clock("CreateTime", "1", "1", true));
  own["max.message.bytes"] = {"1000000", true};
  EXPECT_TRUE(depends_on_brokers(own));
  own["segment.bytes"] = {"1000000", true};
  EXPECT_FALSE(depends_on_brokers(own));
  EXPECT_TRUE(depends_on_brokers(described("2", "false")));
  EXPECT_TRUE(depends_on_brokers(DescribedSettings{{"min.insync.replicas", {"2", true}}}));
  EXPECT_TRUE(depends_on_brokers(Error{"not allowed"}));
}

TEST(DurabilityFacts, a_value_that_is_no_number_is_none) {
  EXPECT_EQ(durability_facts(3, "T", described("many", "false"), {}).min_insync_replicas, std::nullopt);
}

TEST(DurabilityFacts, a_topic_is_compacted_also_where_it_deletes_by_age_too) {
  EXPECT_EQ(facts_of(deletion("delete", "1", "-1")).is_compacted, false);
  EXPECT_EQ(facts_of(deletion("compact", "1", "-1")).is_compacted, true);
  EXPECT_EQ(facts_of(deletion("compact,delete", "1", "-1")).is_compacted, true);
  EXPECT_EQ(facts_of(deletion("", "1", "-1")).is_compacted, false);
  EXPECT_EQ(facts_of({}).is_compacted, std::nullopt);
}

TEST(DurabilityFacts, minus_one_means_that_nothing_is_deleted) {
  const auto facts = facts_of(deletion("delete", "-1", "-1"));
  EXPECT_EQ(facts.retention, milliseconds::max());
  EXPECT_EQ(facts.retention_bytes, std::numeric_limits<std::int64_t>::max());
}

TEST(DurabilityFacts, the_shortest_retention_of_any_broker_counts_in_whatever_unit_it_is_set) {
  const DescribedSettings topic{{"retention.ms", {"604800000", false}}};
  const auto facts = facts_of(
      topic, {{1, as_topic_settings({{"log.retention.hours", {"168"}}, {"log.retention.ms", {""}}})},
              {2, as_topic_settings({{"log.retention.hours", {"168"}}, {"log.retention.minutes", {"90"}}})},
              {3, as_topic_settings({{"log.retention.ms", {"-1"}}, {"log.retention.hours", {"1"}}})}});
  EXPECT_EQ(facts.retention, std::chrono::minutes{90});
}

TEST(DurabilityFacts, a_brokers_settings_count_under_the_topics_names) {
  const auto facts = facts_of({}, {{1, as_topic_settings({{"log.cleanup.policy", {"compact"}},
                                                          {"message.max.bytes", {"2000"}},
                                                          {"log.segment.bytes", {"1000"}},
                                                          {"log.retention.bytes", {"5"}},
                                                          {"log.message.timestamp.after.max.ms", {"7"}}})}});
  EXPECT_EQ(facts.is_compacted, true);
  EXPECT_EQ(facts.max_batch_bytes, 1000);
  EXPECT_EQ(facts.retention_bytes, 5);
  EXPECT_EQ(facts.max_clock_difference, milliseconds{7});
}

TEST(DurabilityFacts, a_topic_that_has_the_brokers_time_refuses_no_clock) {
  EXPECT_EQ(facts_of(clock("CreateTime", "9", "4")).max_clock_difference, milliseconds{4});
  EXPECT_EQ(facts_of(clock("LogAppendTime", "9", "4", true), {{1, clock("CreateTime", "9", "4")}})
                .max_clock_difference,
            milliseconds::max());
  EXPECT_EQ(
      facts_of(clock("LogAppendTime", "9", "4"), {{1, clock("CreateTime", "9", "4")}}).max_clock_difference,
      milliseconds{4});
}

}  // namespace
}  // namespace chat::kafka
