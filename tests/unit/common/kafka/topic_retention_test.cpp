#include "common/kafka/topic_retention.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chat::kafka {
namespace {

using testing::HasSubstr;
using testing::Not;

DurabilityFacts kept_for(std::chrono::milliseconds retention) {
  DurabilityFacts facts;
  facts.retention = retention;
  return facts;
}

TEST(TopicRetention, is_shown_in_seconds_and_stays_where_no_broker_tells) {
  Metrics metrics;
  TopicRetention retention(metrics, "T");
  retention.tell({});
  EXPECT_THAT(metrics.text(), Not(HasSubstr("chat_kafka_topic_retention_seconds{")));
  retention.tell(kept_for(std::chrono::hours{1}));
  EXPECT_THAT(metrics.text(), HasSubstr("chat_kafka_topic_retention_seconds{topic=\"T\"} 3600\n"));
  retention.tell({});
  EXPECT_THAT(metrics.text(), HasSubstr("chat_kafka_topic_retention_seconds{topic=\"T\"} 3600\n"));
  retention.tell(kept_for(std::chrono::milliseconds::max()));
  EXPECT_THAT(metrics.text(), HasSubstr("chat_kafka_topic_retention_seconds{topic=\"T\"} +Inf\n"));
}

}  // namespace
}  // namespace chat::kafka
