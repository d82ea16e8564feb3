#include "common/kafka/durability.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/kafka/mock_cluster.hpp"

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
          {"retention.ms", {"1", is_topics_own}}};
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
  EXPECT_FALSE(depends_on_brokers(described("2", "false", true)));
  EXPECT_TRUE(depends_on_brokers(described("2", "false")));
  EXPECT_TRUE(depends_on_brokers(DescribedSettings{{"min.insync.replicas", {"2", true}}}));
  EXPECT_TRUE(depends_on_brokers(Error{"not allowed"}));
}

TEST(DurabilityFacts, a_value_that_is_no_number_is_none) {
  EXPECT_EQ(durability_facts(3, "T", described("many", "false"), {}).min_insync_replicas, std::nullopt);
}

// The mock knows no DescribeConfigs, which is as good as brokers that may not be asked.
TEST(ReadDurability, the_fewest_replicas_are_read_and_who_tells_no_settings_is_named) {
  test::MockCluster cluster;
  const auto facts = read_durability(cluster.settings(), milliseconds{3000});
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts->replicas, 1);
  EXPECT_EQ(facts->min_insync_replicas, std::nullopt);
  EXPECT_THAT(facts->unreadable, ElementsAre(HasSubstr("topic MESSAGES ("), HasSubstr("broker 1 (")));
}

TEST(ReadDurability, without_a_broker_it_ends_in_time_and_nothing_is_known) {
  test::MockCluster cluster;
  cluster.down();
  const auto begin = std::chrono::steady_clock::now();
  const auto facts = read_durability(cluster.settings(), milliseconds{300});
  EXPECT_LT(std::chrono::steady_clock::now() - begin, milliseconds{5000});
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->replicas, std::nullopt);
  EXPECT_EQ(facts->unreadable.size(), 2U);
}

TEST(ReadDurability, a_property_that_librdkafka_does_not_know_is_an_error) {
  config::KafkaSettings settings;
  settings.conf["no.such.property"] = "1";
  const auto facts = read_durability(settings, milliseconds{300});
  ASSERT_FALSE(facts);
  EXPECT_THAT(facts.error().message, HasSubstr("KAFKA_CONF_NO_SUCH_PROPERTY"));
}

}  // namespace
}  // namespace chat::kafka
