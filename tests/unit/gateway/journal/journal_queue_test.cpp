#include "gateway/journal/journal_queue.hpp"

#include <gtest/gtest.h>

namespace chat::gateway {
namespace {

using kafka::DeliveryFault;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

/// Without a producer: records are only kept. What the producer does is in kafka_journal_test.cpp.
class JournalQueueTest : public testing::Test {
 protected:
  JournalQueueTest() { queue_.take_producer(); }

  PendingRecord record(const Uuid& id = random_uuid(), Clock::time_point appended = Clock::now()) {
    PendingRecord made;
    made.id = id;
    made.room = "room";
    made.value = "value";
    made.held_bytes = 100;
    made.appended = appended;
    made.waiters.push_back({0, [this] { ++told_; }, nullptr});
    return made;
  }

  void append(PendingRecord made) {
    ASSERT_TRUE(queue_.reserve(100));
    queue_.append(std::move(made), 100);
  }

  Metrics metrics_;
  JournalMetrics figures_{metrics_};
  JournalQueue queue_{2, 1'000, figures_};
  int told_ = 0;
};

TEST_F(JournalQueueTest, a_second_call_for_a_record_keeps_its_slot_and_gives_its_bytes_back) {
  const Uuid id = random_uuid();
  append(record(id));
  append(record(id));
  EXPECT_EQ(queue_.depth(), 1u);
  EXPECT_EQ(queue_.bytes(), 100u);
  EXPECT_FALSE(queue_.reserve(1));
  queue_.release(0);
  EXPECT_TRUE(queue_.reserve(1));
}

TEST_F(JournalQueueTest, is_stalled_only_while_there_are_old_records) {
  const auto now = Clock::now();
  EXPECT_FALSE(queue_.is_stalled(now));
  append(record(random_uuid(), now - std::chrono::seconds{9}));
  EXPECT_FALSE(queue_.is_stalled(now));
  EXPECT_TRUE(queue_.is_stalled(now + std::chrono::seconds{1}));
  queue_.note_posted(0, now);
  EXPECT_FALSE(queue_.is_stalled(now + std::chrono::seconds{1}));
}

TEST_F(JournalQueueTest, waits_for_the_reports_of_all_records) {
  append(record());
  EXPECT_EQ(queue_.wait_until_empty(milliseconds{1}), 1u);
}

using JournalQueueDeathTest = JournalQueueTest;

TEST_F(JournalQueueDeathTest, a_record_needs_a_slot) {
  EXPECT_DEATH(queue_.append(record(), 0), "");
}

TEST_F(JournalQueueDeathTest, nothing_is_acknowledged_that_no_producer_had) {
  append(record());
  PendingRecord unproduced = record();
  const RecordReport report{&unproduced, DeliveryFault::none};
  EXPECT_DEATH(queue_.finish({&report, 1}, BatchSize(1'000), Clock::now()), "");
}

}  // namespace
}  // namespace chat::gateway
