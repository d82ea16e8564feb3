#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/gateway/journal/journal_fixture.hpp"

namespace chat::gateway {
namespace {

using std::chrono::milliseconds;
using test::Clock;
using test::message;
using test::reservation;
using test::up_to;

class KafkaJournalTest : public test::JournalTest {};

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

}  // namespace
}  // namespace chat::gateway
