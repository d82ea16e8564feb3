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

class TooLargeTest : public testing::Test {
 protected:
  /// The next so many tries are too large for the topic; what it has then.
  std::vector<chat::test::StoredRecord> publish(const DeadLetter& dead, int refusals, std::size_t count = 1) {
    cluster_.fail_next(MockCluster::produce_request, MockCluster::msg_size_too_large, refusals);
    EXPECT_TRUE(letters_.publish(dead, patience));
    return cluster_.read("MESSAGES.dead", count);
  }

  MockCluster cluster_;
  Metrics metrics_;
  KafkaDeadLetterQueue letters_{cluster_.settings(), "test", metrics_};
};

TEST_F(TooLargeTest, less_is_left_with_each_refusal) {
  DeadLetter dead = letter;
  dead.reason = std::string(300, 'x');
  const auto with_short_reason = publish(dead, 1).at(0);
  EXPECT_EQ(with_short_reason.headers.at("reason"), std::string(80, 'x'));
  EXPECT_EQ(with_short_reason.value, "{not json");
  ++dead.record.offset;
  const auto with_origin = publish(dead, 2, 2).at(1);
  EXPECT_EQ(with_origin.headers.size(), 1u);
  EXPECT_EQ(with_origin.headers.at("origin"), "3/43/-1");
  EXPECT_EQ(with_origin.value, "{not json");
  ++dead.record.offset;
  const auto without_value = publish(dead, 3, 3).at(2);
  EXPECT_EQ(without_value.key, "room");
  EXPECT_EQ(without_value.value, "");
  EXPECT_EQ(without_value.headers.at("value_at"), "MESSAGES/3/44, 9 bytes");
  EXPECT_EQ(without_value.headers.at("reason").size(), 80u);
  ++dead.record.offset;
  const auto least = publish(dead, 4, 4).at(3);
  EXPECT_EQ(least.key, "");
  EXPECT_EQ(least.headers.size(), 2u);
}

TEST_F(TooLargeTest, what_not_even_its_place_fits_is_given_up_so_that_others_are_stored) {
  cluster_.fail_next(MockCluster::produce_request, MockCluster::msg_size_too_large, 5);
  EXPECT_TRUE(letters_.publish(letter, patience));
  EXPECT_THAT(metrics_.text(), testing::HasSubstr("chat_persister_dead_letters_cut_total{form=\"none\"} 1"));
  DeadLetter next = letter;
  ++next.record.offset;
  const auto records = publish(next, 0);
  EXPECT_EQ(records.at(0).headers.at("offset"), "43");
}

TEST_F(TooLargeTest, over_the_clients_own_limit_less_is_left_as_well) {
  auto settings = cluster_.settings();
  settings.conf["message.max.bytes"] = "1000";
  KafkaDeadLetterQueue letters(settings, "test", metrics_);
  DeadLetter dead = letter;
  dead.record.value = std::string(2'000, 'x');
  ASSERT_TRUE(letters.publish(dead, patience));
  EXPECT_EQ(cluster_.read("MESSAGES.dead", 1).at(0).headers.at("value_at"), "MESSAGES/3/42, 2000 bytes");
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
