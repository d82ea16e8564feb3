#include "persister/source/kafka_dead_letter_queue.hpp"

#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/common/kafka/mock_cluster.hpp"

namespace chat::persister {
namespace {

using chat::test::eventually;
using chat::test::MockCluster;
using chat::test::patience;
using std::chrono::milliseconds;

const DeadLetter letter{{3, 42, "room", "{not json"}, "the record is not JSON"};

TEST(KafkaDeadLetterQueue, I1_keeps_key_and_value_and_says_why_and_where_from) {
  MockCluster cluster;
  Metrics metrics;
  KafkaDeadLetterQueue letters(cluster.settings(), "test", metrics);
  ASSERT_TRUE(letters.publish(letter, patience));
  const auto records = cluster.read("MESSAGES.dead", 1);
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].key, "room");
  EXPECT_EQ(records[0].value, "{not json");
  EXPECT_EQ(records[0].headers.at("reason"), "the record is not JSON");
  EXPECT_EQ(records[0].headers.at("partition"), "3");
  EXPECT_EQ(records[0].headers.at("offset"), "42");
  EXPECT_EQ(records[0].headers.at("origin"), "3/42/-1");
}

TEST(KafkaDeadLetterQueue, I1_a_record_that_was_put_back_keeps_where_it_was_first) {
  MockCluster cluster;
  Metrics metrics;
  KafkaDeadLetterQueue letters(cluster.settings(), "test", metrics);
  DeadLetter again = letter;
  again.record.origin = Origin{1, 7, 1'714'557'600'125};
  ASSERT_TRUE(letters.publish(again, patience));
  const auto records = cluster.read("MESSAGES.dead", 1);
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].headers.at("offset"), "42");
  EXPECT_EQ(records[0].headers.at("origin"), "1/7/1714557600125");
}

TEST(KafkaDeadLetterQueue, I7_is_not_written_before_the_report_and_the_next_try_does_not_write_it_twice) {
  MockCluster cluster;
  Metrics metrics;
  KafkaDeadLetterQueue letters(cluster.settings(), "test", metrics);
  cluster.down();
  EXPECT_FALSE(letters.publish(letter, milliseconds{100}));
  EXPECT_FALSE(letters.publish(letter, milliseconds{100}));
  cluster.up();
  EXPECT_TRUE(letters.publish(letter, patience));
  EXPECT_EQ(cluster.read("MESSAGES.dead", 1).size(), 1u);
}

TEST(KafkaDeadLetterQueue, a_letter_that_the_broker_refuses_can_be_tried_again) {
  MockCluster cluster;
  Metrics metrics;
  KafkaDeadLetterQueue letters(cluster.settings(), "test", metrics);
  cluster.fail_next(MockCluster::produce_request, MockCluster::topic_authorization_failed);
  EXPECT_FALSE(letters.publish(letter, patience));
  // The client refuses by itself until it has asked for the topic again.
  EXPECT_TRUE(eventually([&] { return letters.publish(letter, patience); }));
  EXPECT_EQ(cluster.read("MESSAGES.dead", 1).size(), 1u);
}

TEST(KafkaDeadLetterQueue, a_producer_that_failed_for_good_is_replaced) {
  MockCluster cluster;
  Metrics metrics;
  KafkaDeadLetterQueue letters(cluster.settings(), "test", metrics);
  cluster.fail_next(MockCluster::produce_request, MockCluster::out_of_order_sequence_number);
  EXPECT_FALSE(letters.publish(letter, patience));
  EXPECT_TRUE(letters.publish(letter, patience));
}

TEST(KafkaDeadLetterQueue, an_unknown_property_is_one_sentence_at_the_start) {
  config::KafkaSettings settings;
  settings.conf["no.such.property"] = "1";
  Metrics metrics;
  try {
    KafkaDeadLetterQueue letters(settings, "test", metrics);
    FAIL() << "started";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("KAFKA_CONF_NO_SUCH_PROPERTY"));
  }
}

}  // namespace
}  // namespace chat::persister
