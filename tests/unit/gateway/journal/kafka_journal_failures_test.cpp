#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/wire/record_size.hpp"
#include "tests/unit/gateway/journal/journal_fixture.hpp"

namespace chat::gateway {
namespace {

using chat::test::eventually;
using chat::test::MockCluster;
using std::chrono::milliseconds;
using test::message;
using test::reservation;
using test::up_to;
using testing::HasSubstr;

class KafkaJournalFailuresTest : public test::JournalTest {};

TEST_F(KafkaJournalFailuresTest, with_the_broker_away_it_refuses_once_full_and_delivers_all_when_it_is_back) {
  start(10);
  cluster_.down();
  for (std::int64_t seq = 1; seq <= 10; ++seq) append(message("room", seq));
  EXPECT_FALSE(journal_->reserve(reservation));
  EXPECT_TRUE(eventually([&] { return !journal_->healthy(); }));
  EXPECT_EQ(workers_.count(), 0u);
  cluster_.up();
  expect_all_delivered(10);
  EXPECT_TRUE(eventually([&] { return journal_->healthy(); }));
  EXPECT_TRUE(journal_->reserve(reservation));
  EXPECT_EQ(seqs_in_topic(10).at("room"), up_to(10));
}

TEST_F(KafkaJournalFailuresTest,
       I1_a_fatal_producer_is_replaced_and_everything_pending_produced_again_in_order) {
  start();
  append(message("room", 1));
  expect_all_delivered(1);
  cluster_.down();
  constexpr std::int64_t last = 1000;
  for (std::int64_t seq = 2; seq <= last; ++seq) append(message("room", seq));
  cluster_.fail_next(MockCluster::produce_request, MockCluster::out_of_order_sequence_number);
  cluster_.up();
  expect_all_delivered(last);
  EXPECT_THAT(metrics_.text(), HasSubstr("chat_journal_producers_replaced_total 1"));
  EXPECT_EQ(seqs_in_topic(last).at("room"), up_to(last));
  EXPECT_TRUE(eventually([&] { return journal_->healthy() && journal_->reserve(1); }));
}

TEST_F(KafkaJournalFailuresTest, what_comes_while_the_producer_is_replaced_follows_the_pending_ones) {
  start();
  cluster_.set_delay(milliseconds{100});
  std::int64_t seq = 0;
  const auto append_some = [&] {
    for (int i = 0; i < 20; ++i) {
      if (!journal_->reserve(reservation)) continue;
      ++seq;
      journal_->append({message("room", seq), reservation, 0, workers_.note("call"), nullptr});
    }
  };
  append_some();
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(journal_->reserve(reservation));
  cluster_.fail_next(MockCluster::produce_request, MockCluster::out_of_order_sequence_number);
  EXPECT_TRUE(eventually([&] {
    append_some();
    return metrics_.text().find("chat_journal_producers_replaced_total 1") != std::string::npos;
  }));
  // Their reservations came before the failure; append() never refuses.
  for (int i = 0; i < 20; ++i) {
    ++seq;
    journal_->append({message("room", seq), reservation, 0, workers_.note("call"), nullptr});
  }
  const auto count = static_cast<std::size_t>(seq);
  expect_all_delivered(count);
  EXPECT_EQ(seqs_in_topic(count).at("room"), up_to(seq));
}

TEST_F(KafkaJournalFailuresTest, I1_producers_that_fail_one_after_the_other_are_each_replaced) {
  cluster_.fail_next(MockCluster::init_producer_id_request, MockCluster::cluster_authorization_failed, 3);
  start();
  append(message("room", 1));
  expect_all_delivered(1);
  EXPECT_THAT(metrics_.text(), HasSubstr("chat_journal_producers_replaced_total 3"));
  EXPECT_EQ(seqs_in_topic(1).at("room"), up_to(1));
}

TEST_F(KafkaJournalFailuresTest, I1_a_record_that_the_broker_refuses_is_produced_again) {
  start();
  cluster_.fail_next(MockCluster::produce_request, MockCluster::topic_authorization_failed, 2);
  append(message("room", 1));
  expect_all_delivered(1);
  EXPECT_TRUE(eventually([&] { return !journal_->trouble(); }));
  EXPECT_THAT(metrics_.text(), HasSubstr("chat_journal_retried_total 2"));
  EXPECT_THAT(metrics_.text(), HasSubstr("chat_journal_producers_replaced_total 0"));
  EXPECT_EQ(seqs_in_topic(1).at("room"), up_to(1));
}

TEST_F(KafkaJournalFailuresTest, why_records_are_refused_is_told) {
  start();
  cluster_.fail_next(MockCluster::produce_request, MockCluster::topic_authorization_failed, 1000);
  append(message("room", 1));
  EXPECT_TRUE(eventually([&] { return journal_->trouble().value_or(Trouble{}).cause == "not_authorized"; }));
}

TEST_F(KafkaJournalFailuresTest, I1_a_batch_that_is_too_large_is_produced_again_as_smaller_ones) {
  for (const int error : {MockCluster::msg_size_too_large, MockCluster::record_list_too_large}) {
    cluster_.fail_next(MockCluster::produce_request, error, 3);
    start();
    for (std::int64_t seq = 1; seq <= 100; ++seq) append(message("room", seq), 0, std::to_string(error));
    EXPECT_TRUE(eventually([&] { return workers_.calls(std::to_string(error)).size() == 100; }));
    EXPECT_LT(gauge("chat_journal_batch_bytes"), 1'000'000);
    EXPECT_EQ(workers_.calls("too_large").size(), 0u);
    journal_.reset();
  }
  EXPECT_THAT(metrics_.text(), HasSubstr("chat_journal_producers_replaced_total 0"));
}

TEST_F(KafkaJournalFailuresTest,
       what_is_too_large_in_a_batch_of_its_own_is_refused_and_gives_its_place_back) {
  start(2);
  cluster_.fail_next(MockCluster::produce_request, MockCluster::msg_size_too_large, 100);
  append(message("room", 1), 3);
  EXPECT_TRUE(eventually([&] { return !workers_.calls("too_large").empty(); }));
  EXPECT_THAT(workers_.calls("too_large"), testing::ElementsAre(3u));
  EXPECT_TRUE(eventually([&] { return journal_->depth() == 0; }));
  EXPECT_THAT(metrics_.text(), HasSubstr("chat_journal_undeliverable_total 1"));
  EXPECT_TRUE(journal_->reserve(1) && journal_->reserve(1));
  EXPECT_EQ(journal_->flush(chat::test::patience), 0u);
  EXPECT_TRUE(workers_.calls("call").empty());
}

TEST_F(KafkaJournalFailuresTest, a_traced_record_that_fits_only_without_its_header_is_taken_without_it) {
  auto settings = cluster_.settings();
  settings.conf["message.max.bytes"] = "1000";
  settings_ = settings;
  start();
  const auto append_sizes = [&](const std::string& name, bool is_traced) {
    for (std::int64_t length = 500; length < 1'000; length += 10) {
      MessageRecord record = message("room", length);
      record.text = std::string(static_cast<std::size_t>(length), 'x');
      ASSERT_TRUE(eventually([&] { return journal_->reserve(reservation); }));
      journal_->append({record, reservation, 0, workers_.note(name),
                        [this, name](JournalRefusal) { workers_.note(name + " refused")(); },
                        is_traced ? RecordTrace{1, 2, 3} : RecordTrace{}});
    }
    EXPECT_TRUE(eventually([&] { return journal_->depth() == 0; }));
  };
  append_sizes("plain", false);
  append_sizes("traced", true);
  EXPECT_FALSE(workers_.calls("plain").empty());
  EXPECT_FALSE(workers_.calls("plain refused").empty());
  EXPECT_EQ(workers_.calls("traced").size(), workers_.calls("plain").size());
}

TEST_F(KafkaJournalFailuresTest, what_the_topic_has_a_rule_against_is_refused_once_it_is_alone) {
  start();
  cluster_.fail_next(MockCluster::produce_request, MockCluster::invalid_record, 100);
  append(message("room", 1));
  EXPECT_TRUE(eventually([&] { return workers_.calls("invalid").size() == 1; }));
}

TEST_F(KafkaJournalFailuresTest, a_record_over_the_clients_own_limit_is_refused_and_the_others_go_on) {
  settings_ = cluster_.settings();
  settings_->conf["message.max.bytes"] = "1000";
  start();
  auto large = message("room", 1);
  large.text = std::string(2'000, 'x');
  append(large);
  append(message("room", 2));
  EXPECT_TRUE(eventually([&] { return workers_.count() == 2; }));
  EXPECT_EQ(workers_.calls("too_large").size(), 1u);
  EXPECT_EQ(workers_.calls("call").size(), 1u);
}

TEST_F(KafkaJournalFailuresTest, batches_follow_the_topics_limit_down_and_up) {
  start();
  EXPECT_GE(journal_->record_limit_bytes(), max_record_bytes);
  journal_->set_topic_limit(20'000);
  EXPECT_TRUE(eventually([&] { return gauge("chat_journal_batch_bytes") == 19'800; }));
  EXPECT_EQ(journal_->record_limit_bytes(), 19'800u);
  for (std::int64_t seq = 1; seq <= 10; ++seq) append(message("room", seq));
  expect_all_delivered(10);
  journal_->set_topic_limit(2'000'000);
  EXPECT_TRUE(eventually([&] { return gauge("chat_journal_batch_bytes") == 1'000'000; }));
  append(message("room", 11));
  expect_all_delivered(11);
}

TEST_F(KafkaJournalFailuresTest, flush_returns_when_everything_was_handed_over_and_then_takes_nothing) {
  start();
  cluster_.set_delay(milliseconds{100});
  for (std::int64_t seq = 1; seq <= 50; ++seq) append(message("room", seq));
  EXPECT_EQ(journal_->flush(chat::test::patience), 0u);
  EXPECT_EQ(workers_.count(), 50u);
  EXPECT_FALSE(journal_->reserve(1));
}

TEST_F(KafkaJournalFailuresTest, flush_says_how_many_were_not_delivered_and_stop_hands_nothing_over) {
  start();
  cluster_.down();
  for (std::int64_t seq = 1; seq <= 3; ++seq) append(message("room", seq));
  ASSERT_TRUE(journal_->reserve(reservation));
  EXPECT_EQ(journal_->flush(milliseconds{200}), 3u);
  journal_->stop();
  cluster_.up();
  journal_->append({message("room", 4), reservation, 0, workers_.note("late"), nullptr});
  journal_.reset();
  EXPECT_EQ(workers_.count(), 0u);
}

TEST_F(KafkaJournalFailuresTest, an_idle_journal_notices_that_the_broker_is_back) {
  start();
  append(message("room", 1));
  expect_all_delivered(1);
  cluster_.down();
  EXPECT_TRUE(eventually([&] { return !journal_->healthy(); }));
  cluster_.up();
  EXPECT_TRUE(eventually([&] { return journal_->healthy(); }));
}

TEST_F(KafkaJournalFailuresTest, an_unknown_property_is_one_sentence_at_the_start) {
  auto settings = cluster_.settings();
  settings.conf["no.such.property"] = "1";
  try {
    KafkaJournal journal(settings, {"test"}, workers_.post(), metrics_);
    FAIL() << "started";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("KAFKA_CONF_NO_SUCH_PROPERTY"));
  }
}

}  // namespace
}  // namespace chat::gateway
