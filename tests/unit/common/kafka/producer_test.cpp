#include "common/kafka/producer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/common/kafka/mock_cluster.hpp"

namespace chat::kafka {
namespace {

using std::chrono::milliseconds;

struct Reports {
  int durable = 0;
  int failed = 0;
  std::string error;

  Producer::OnReport sink() {
    return [this](const DeliveryReport& report) {
      (report.is_durable ? durable : failed) += 1;
      if (!report.is_durable) error = report.error;
    };
  }
};

ProducerOptions options() {
  ProducerOptions options;
  options.client_id = "test";
  options.name = "test";
  options.topic = "MESSAGES";
  return options;
}

TEST(KafkaProducer, reports_each_record_once_and_writes_key_value_and_headers) {
  test::MockCluster cluster;
  Metrics metrics;
  Reports reports;
  auto producer = Producer::make(cluster.settings(), options(), reports.sink(), metrics).value();
  ASSERT_TRUE(producer->produce("room", "plain", nullptr));
  ASSERT_TRUE(producer->produce("room", "with", {{"reason", "why"}}, nullptr));
  EXPECT_TRUE(test::eventually([&] {
    producer->poll(milliseconds{10});
    return reports.durable == 2;
  }));
  EXPECT_EQ(reports.failed, 0);
  const auto records = cluster.read("MESSAGES", 2);
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].key, "room");
  EXPECT_EQ(records[0].value, "plain");
  EXPECT_EQ(records[1].headers.at("reason"), "why");
}

TEST(KafkaProducer, a_full_queue_refuses_at_once) {
  test::MockCluster cluster;
  cluster.down();
  Metrics metrics;
  Reports reports;
  auto small = options();
  small.max_records = 2;
  auto producer = Producer::make(cluster.settings(), small, reports.sink(), metrics).value();
  EXPECT_TRUE(producer->produce("room", "1", nullptr));
  EXPECT_TRUE(producer->produce("room", "2", nullptr));
  EXPECT_FALSE(producer->produce("room", "3", nullptr));
}

TEST(KafkaProducer, abandoning_reports_what_is_queued_as_not_durable) {
  test::MockCluster cluster;
  cluster.down();
  Metrics metrics;
  Reports reports;
  auto producer = Producer::make(cluster.settings(), options(), reports.sink(), metrics).value();
  ASSERT_TRUE(producer->produce("room", "1", nullptr));
  producer->abandon(test::patience);
  EXPECT_EQ(reports.durable, 0);
  EXPECT_EQ(reports.failed, 1);
  EXPECT_FALSE(reports.error.empty());
}

}  // namespace
}  // namespace chat::kafka
