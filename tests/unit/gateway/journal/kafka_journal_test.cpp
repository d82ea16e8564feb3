#include "gateway/journal/kafka_journal.hpp"

#include <map>
#include <set>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/kafka/mock_cluster.hpp"

namespace chat::gateway {
namespace {

using std::chrono::milliseconds;
using test::eventually;
using test::MockCluster;
using testing::HasSubstr;
using Clock = std::chrono::steady_clock;

constexpr std::size_t reservation = 400;

/// Runs what is posted at once and remembers which worker it was for.
class FakeWorkers {
 public:
  PostToWorker post() {
    return [this](std::size_t worker, std::vector<std::function<void()>> calls) {
      const std::lock_guard lock(mutex_);
      ++batches_;
      running_ = worker;
      for (const auto& call : calls) call();
    };
  }

  /// A call that notes the worker that runs it and the time.
  std::function<void()> note(std::string name) {
    return [this, name = std::move(name)] {
      calls_[name].push_back(running_);
      last_ = Clock::now();
    };
  }

  std::vector<std::size_t> calls(const std::string& name) {
    const std::lock_guard lock(mutex_);
    return calls_[name];
  }
  std::size_t count() {
    const std::lock_guard lock(mutex_);
    std::size_t count = 0;
    for (const auto& [name, workers] : calls_) count += workers.size();
    return count;
  }
  std::size_t batches() {
    const std::lock_guard lock(mutex_);
    return batches_;
  }
  Clock::time_point last() {
    const std::lock_guard lock(mutex_);
    return last_;
  }

 private:
  std::mutex mutex_;
  std::size_t running_ = 0;
  std::size_t batches_ = 0;
  std::map<std::string, std::vector<std::size_t>> calls_;
  Clock::time_point last_;
};

MessageRecord message(const std::string& room, std::int64_t seq) {
  return {random_uuid(),     room, {1, seq}, "ann", "Ann", "text " + std::to_string(seq),
          1'700'000'000'000, "g1"};
}

class KafkaJournalTest : public testing::Test {
 protected:
  KafkaJournal& start(std::size_t max_records = 50'000, std::size_t max_bytes = 64 << 20) {
    journal_.emplace(cluster_.settings(), KafkaJournalOptions{"test", max_records, max_bytes},
                     workers_.post(), metrics_);
    return *journal_;
  }

  void append(const MessageRecord& record, std::size_t worker = 0, const std::string& name = "call") {
    ASSERT_TRUE(journal_->reserve(reservation));
    journal_->append({record, reservation, worker, workers_.note(name)});
  }

  void expect_all_delivered(std::size_t count) {
    EXPECT_TRUE(eventually([&] { return workers_.count() == count; })) << workers_.count();
    EXPECT_EQ(journal_->depth(), 0u);
  }

  /// The seqs per room in the topic's order, each at its first place.
  std::map<std::string, std::vector<std::int64_t>> seqs_in_topic(std::size_t count) {
    std::map<std::string, std::vector<std::int64_t>> seqs;
    std::set<Uuid> seen;
    for (const auto& stored : cluster_.read("MESSAGES", count)) {
      const auto record = decode_record(stored.value).value();
      EXPECT_EQ(stored.key, record.room);
      if (seen.insert(record.id).second) seqs[record.room].push_back(record.cursor.seq);
    }
    return seqs;
  }

  MockCluster cluster_;
  Metrics metrics_;
  FakeWorkers workers_;
  std::optional<KafkaJournal> journal_;
};

std::vector<std::int64_t> up_to(std::int64_t last) {
  std::vector<std::int64_t> seqs;
  for (std::int64_t seq = 1; seq <= last; ++seq) seqs.push_back(seq);
  return seqs;
}

TEST_F(KafkaJournalTest, I7_calls_only_after_the_brokers_report) {
  start();
  append(message("room", 1));
  expect_all_delivered(1);
  constexpr milliseconds delay{300};
  cluster_.set_delay(delay);
  const auto begin = Clock::now();
  append(message("room", 2));
  EXPECT_EQ(journal_->depth(), 1u);
  expect_all_delivered(2);
  EXPECT_GE(workers_.last() - begin, delay);
}

TEST_F(KafkaJournalTest, I2_a_rooms_records_are_in_one_partition_in_the_order_of_appending) {
  start();
  constexpr std::int64_t last = 300;
  std::map<std::string, MessageRecord> firsts;
  for (std::int64_t seq = 1; seq <= last; ++seq)
    for (const char* room : {"a", "b", "c"}) {
      const auto record = message(room, seq);
      firsts.try_emplace(room, record);
      append(record);
    }
  expect_all_delivered(3 * last);
  const auto seqs = seqs_in_topic(3 * last);
  for (const char* room : {"a", "b", "c"}) EXPECT_EQ(seqs.at(room), up_to(last)) << room;
  std::map<std::string, std::set<std::int32_t>> partitions;
  for (const auto& stored : cluster_.read("MESSAGES", 3 * last)) {
    partitions[stored.key].insert(stored.partition);
    const auto record = decode_record(stored.value).value();
    if (record.cursor.seq == 1) {
      EXPECT_EQ(record, firsts.at(stored.key));
    }
  }
  for (const auto& [room, numbers] : partitions) EXPECT_EQ(numbers.size(), 1u) << room;
}

TEST_F(KafkaJournalTest, with_the_broker_away_it_refuses_once_full_and_delivers_all_when_it_is_back) {
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

TEST_F(KafkaJournalTest, I6_the_bytes_are_bounded_and_given_back) {
  start(1000, 3 * reservation);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(journal_->reserve(reservation));
  EXPECT_FALSE(journal_->reserve(1));
  journal_->release(reservation);
  append(message("room", 1));
  expect_all_delivered(1);
  EXPECT_TRUE(journal_->reserve(reservation));
  EXPECT_FALSE(journal_->reserve(1));
}

TEST_F(KafkaJournalTest, I6_a_record_that_is_larger_than_reserved_counts_in_full) {
  start(1000, 5000);
  cluster_.down();
  auto large = message("room", 1);
  large.text = std::string(4700, 'x');
  append(large);
  EXPECT_FALSE(journal_->reserve(reservation));
  cluster_.up();
  expect_all_delivered(1);
  EXPECT_TRUE(journal_->reserve(5000));
}

TEST_F(KafkaJournalTest, I1_a_fatal_producer_is_replaced_and_everything_pending_produced_again_in_order) {
  start();
  append(message("room", 1));
  expect_all_delivered(1);
  cluster_.down();
  constexpr std::int64_t last = 1000;
  for (std::int64_t seq = 2; seq <= last; ++seq) append(message("room", seq));
  cluster_.fail_next(MockCluster::produce_request, MockCluster::out_of_order_sequence_number);
  cluster_.up();
  expect_all_delivered(last);
  EXPECT_THAT(metrics_.text(), HasSubstr("chat_journal_producer_rebuilds_total 1"));
  EXPECT_EQ(seqs_in_topic(last).at("room"), up_to(last));
  EXPECT_TRUE(eventually([&] { return journal_->healthy() && journal_->reserve(1); }));
}

TEST_F(KafkaJournalTest, what_comes_while_the_producer_is_replaced_follows_the_pending_ones) {
  start();
  cluster_.set_delay(milliseconds{100});
  std::int64_t seq = 0;
  const auto append_some = [&] {
    for (int i = 0; i < 20; ++i) {
      if (!journal_->reserve(reservation)) continue;
      ++seq;
      journal_->append({message("room", seq), reservation, 0, workers_.note("call")});
    }
  };
  append_some();
  cluster_.fail_next(MockCluster::produce_request, MockCluster::out_of_order_sequence_number);
  EXPECT_TRUE(eventually([&] {
    append_some();
    return metrics_.text().find("chat_journal_producer_rebuilds_total 1") != std::string::npos;
  }));
  // Their reservations came before the failure; append() never refuses.
  for (int i = 0; i < 20; ++i) {
    ++seq;
    journal_->append({message("room", seq), 0, 0, workers_.note("call")});
  }
  const auto count = static_cast<std::size_t>(seq);
  expect_all_delivered(count);
  EXPECT_EQ(seqs_in_topic(count).at("room"), up_to(seq));
}

TEST_F(KafkaJournalTest, I1_producers_that_fail_one_after_the_other_are_each_replaced) {
  cluster_.fail_next(MockCluster::init_producer_id_request, MockCluster::cluster_authorization_failed, 3);
  start();
  append(message("room", 1));
  expect_all_delivered(1);
  EXPECT_THAT(metrics_.text(), HasSubstr("chat_journal_producer_rebuilds_total 3"));
  EXPECT_EQ(seqs_in_topic(1).at("room"), up_to(1));
}

TEST_F(KafkaJournalTest, I1_a_record_that_the_broker_refuses_is_produced_again) {
  start();
  cluster_.fail_next(MockCluster::produce_request, MockCluster::topic_authorization_failed, 2);
  append(message("room", 1));
  expect_all_delivered(1);
  EXPECT_THAT(metrics_.text(), HasSubstr("chat_journal_retried_total 2"));
  EXPECT_THAT(metrics_.text(), HasSubstr("chat_journal_producer_rebuilds_total 0"));
  EXPECT_EQ(seqs_in_topic(1).at("room"), up_to(1));
}

TEST_F(KafkaJournalTest, I4_a_retry_waits_for_the_report_of_the_first_and_is_not_produced) {
  start(2);
  cluster_.down();
  const auto record = message("room", 1);
  append(record, 0, "first");
  append(record, 1, "retry");
  EXPECT_EQ(journal_->depth(), 1u);
  EXPECT_FALSE(journal_->reserve(1)) << "the retry keeps its slot";
  cluster_.up();
  expect_all_delivered(2);
  EXPECT_EQ(workers_.calls("first"), std::vector<std::size_t>{0});
  EXPECT_EQ(workers_.calls("retry"), std::vector<std::size_t>{1});
  EXPECT_EQ(cluster_.read("MESSAGES", 1).size(), 1u);
  EXPECT_TRUE(journal_->reserve(1));
  EXPECT_TRUE(journal_->reserve(1));
}

TEST_F(KafkaJournalTest, I1_one_id_in_two_rooms_is_two_records) {
  start();
  cluster_.down();
  auto record = message("a", 1);
  append(record);
  record.room = "b";
  append(record);
  cluster_.up();
  expect_all_delivered(2);
  EXPECT_EQ(cluster_.read("MESSAGES", 2).size(), 2u);
}

TEST_F(KafkaJournalTest, each_call_runs_on_its_worker_in_batches) {
  start();
  cluster_.down();
  for (std::int64_t seq = 1; seq <= 300; ++seq)
    append(message("room", seq), static_cast<std::size_t>(seq % 3), "w" + std::to_string(seq % 3));
  cluster_.up();
  expect_all_delivered(300);
  for (std::size_t worker = 0; worker < 3; ++worker)
    EXPECT_EQ(workers_.calls("w" + std::to_string(worker)), std::vector<std::size_t>(100, worker));
  EXPECT_LT(workers_.batches(), 100u);
}

TEST_F(KafkaJournalTest, flush_returns_when_everything_was_handed_over_and_then_takes_nothing) {
  start();
  cluster_.set_delay(milliseconds{100});
  for (std::int64_t seq = 1; seq <= 50; ++seq) append(message("room", seq));
  EXPECT_EQ(journal_->flush(test::patience), 0u);
  EXPECT_EQ(workers_.count(), 50u);
  EXPECT_FALSE(journal_->reserve(1));
}

TEST_F(KafkaJournalTest, flush_says_how_many_were_not_delivered_and_stop_hands_nothing_over) {
  start();
  cluster_.down();
  for (std::int64_t seq = 1; seq <= 3; ++seq) append(message("room", seq));
  EXPECT_EQ(journal_->flush(milliseconds{200}), 3u);
  journal_->stop();
  cluster_.up();
  journal_->append({message("room", 4), 0, 0, workers_.note("late")});
  journal_.reset();
  EXPECT_EQ(workers_.count(), 0u);
}

TEST_F(KafkaJournalTest, an_idle_journal_notices_that_the_broker_is_back) {
  start();
  append(message("room", 1));
  expect_all_delivered(1);
  cluster_.down();
  EXPECT_TRUE(eventually([&] { return !journal_->healthy(); }));
  cluster_.up();
  EXPECT_TRUE(eventually([&] { return journal_->healthy(); }));
}

TEST_F(KafkaJournalTest, an_unknown_property_is_one_sentence_at_the_start) {
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
