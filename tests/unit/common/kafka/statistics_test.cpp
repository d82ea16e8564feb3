#include "common/kafka/statistics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chat::kafka {
namespace {

TEST(KafkaStatistics, reads_the_producers_figures) {
  const auto statistics = parse_statistics(
      R"({"msg_cnt":7,"txmsgs":90,"replyq":2,"brokers":{
         "a":{"state":"DOWN","txretries":3,"rtt":{"p99":1500}},
         "b":{"state":"UP","txretries":1,"rtt":{"p99":2500}}}})");
  ASSERT_TRUE(statistics);
  EXPECT_EQ(statistics->queued, 7);
  EXPECT_EQ(statistics->transmitted, 90);
  EXPECT_EQ(statistics->unpolled, 2);
  EXPECT_EQ(statistics->retries, 4);
  EXPECT_DOUBLE_EQ(statistics->slowest_rtt, 0.0025);
  EXPECT_TRUE(statistics->has_broker);
}

TEST(KafkaStatistics, sums_the_groups_lag_without_unknown_partitions) {
  const auto statistics = parse_statistics(
      R"({"cgrp":{"rebalance_cnt":4,"stateage":2500},"topics":{"MESSAGES":{"partitions":{
         "0":{"consumer_lag":10},"1":{"consumer_lag":-1},"2":{"consumer_lag":5}}}}})");
  ASSERT_TRUE(statistics);
  EXPECT_EQ(statistics->lag, 15);
  EXPECT_EQ(statistics->rebalances, 4);
  EXPECT_DOUBLE_EQ(statistics->group_state_age, 2.5);
  EXPECT_FALSE(statistics->has_broker);
}

TEST(KafkaStatistics, takes_nothing_from_what_is_not_statistics) {
  EXPECT_FALSE(parse_statistics("{"));
  EXPECT_FALSE(parse_statistics("[]"));
  const auto odd = parse_statistics(R"({"msg_cnt":"x","brokers":[1],"topics":{"a":1},"cgrp":{}})");
  ASSERT_TRUE(odd);
  EXPECT_EQ(odd->queued, 0);
}

TEST(KafkaStatistics, are_shown_under_their_client) {
  Metrics metrics;
  StatisticsMetrics shown(metrics, "journal");
  Statistics statistics;
  statistics.queued = 7;
  shown.set(statistics);
  EXPECT_THAT(metrics.text(), testing::HasSubstr(R"(chat_kafka_queued_records{client="journal"} 7)"));
}

TEST(KafkaStatistics, are_counted_on_when_a_client_replaces_another) {
  Metrics metrics;
  const auto tell = [](StatisticsMetrics& shown, std::int64_t transmitted, std::int64_t rebalances) {
    Statistics statistics;
    statistics.transmitted = transmitted;
    statistics.rebalances = rebalances;
    shown.set(statistics);
  };
  StatisticsMetrics first(metrics, "journal");
  tell(first, 40, 1);
  tell(first, 50, 1);
  StatisticsMetrics second(metrics, "journal");
  tell(second, 3, 1);
  tell(second, 8, 2);
  const std::string text = metrics.text();
  EXPECT_THAT(text, testing::HasSubstr(R"(chat_kafka_transmitted_records_total{client="journal"} 58)"));
  EXPECT_THAT(text, testing::HasSubstr(R"(chat_kafka_rebalances_total{client="journal"} 3)"));
  EXPECT_THAT(text, testing::HasSubstr(R"(chat_kafka_request_retries_total{client="journal"} 0)"));
}

}  // namespace
}  // namespace chat::kafka
