#include "common/kafka/topic_inspector.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/common/kafka/mock_cluster.hpp"

namespace chat::kafka {
namespace {

using chat::test::MockCluster;
using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using Use = TopicInspector::Use;

std::unique_ptr<TopicInspector> inspector_of(const config::KafkaSettings& settings, Use use = Use::reads) {
  return TopicInspector::make(settings, settings.topic, "test", use).value();
}

// The mock knows no DescribeConfigs, which is as good as brokers that may not be asked.
TEST(TopicInspector, the_fewest_replicas_are_read_and_who_tells_no_settings_is_named) {
  MockCluster cluster;
  const auto facts = inspector_of(cluster.settings())->read_settings(milliseconds{3000});
  EXPECT_EQ(facts.replicas, 1);
  EXPECT_EQ(facts.min_insync_replicas, std::nullopt);
  EXPECT_THAT(facts.unreadable, ElementsAre(HasSubstr("topic MESSAGES ("), HasSubstr("broker 1 (")));
}

TEST(TopicInspector, without_a_broker_it_ends_in_time_and_says_so) {
  MockCluster cluster;
  cluster.down();
  const auto begin = std::chrono::steady_clock::now();
  const auto look = inspector_of(cluster.settings())->look(milliseconds{300});
  EXPECT_LT(std::chrono::steady_clock::now() - begin, milliseconds{5000});
  EXPECT_EQ(look.facts.replicas, std::nullopt);
  EXPECT_EQ(look.facts.unreadable.size(), 2U);
  ASSERT_TRUE(look.trouble);
  EXPECT_EQ(look.trouble->cause, "unreachable");
}

TEST(TopicInspector, a_property_that_librdkafka_does_not_know_is_an_error) {
  config::KafkaSettings settings;
  settings.conf["no.such.property"] = "1";
  const auto inspector = TopicInspector::make(settings, "T", "test", Use::reads);
  ASSERT_FALSE(inspector);
  EXPECT_THAT(inspector.error().message, HasSubstr("KAFKA_CONF_NO_SUCH_PROPERTY"));
}

TEST(TopicInspector, a_topic_that_is_not_there_is_trouble) {
  MockCluster cluster;
  auto settings = cluster.settings();
  settings.topic = "NOT_THERE";
  const auto look = inspector_of(settings)->look(milliseconds{3000});
  ASSERT_TRUE(look.trouble);
  EXPECT_EQ(look.trouble->cause, "no_topic");
}

TEST(TopicInspector, a_write_that_is_refused_as_not_allowed_is_trouble_until_it_is_allowed) {
  MockCluster cluster;
  const auto inspector = inspector_of(cluster.settings(), Use::writes);
  cluster.fail_next(MockCluster::produce_request, MockCluster::topic_authorization_failed);
  const auto refused = inspector->look(milliseconds{3000});
  ASSERT_TRUE(refused.trouble);
  EXPECT_EQ(refused.trouble->cause, "not_authorized");
  cluster.fail_next(MockCluster::produce_request, MockCluster::invalid_required_acks);
  const auto allowed = inspector->look(milliseconds{3000});
  EXPECT_FALSE(allowed.trouble) << allowed.trouble->sentence();
}

// The mock takes any number of acks, which Kafka does not.
TEST(TopicInspector, a_broker_that_takes_what_is_tried_is_asked_no_second_time) {
  MockCluster cluster;
  const auto inspector = inspector_of(cluster.settings(), Use::writes);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(inspector->look(milliseconds{3000}).trouble);
  EXPECT_EQ(cluster.read("MESSAGES", 1).size(), 1U);
}

}  // namespace
}  // namespace chat::kafka
