#include "gateway/history/position_waiter.hpp"

#include <atomic>
#include <future>

#include <gtest/gtest.h>

namespace chat::gateway {
namespace {

using std::chrono::milliseconds;

struct PositionWaiterTest : ::testing::Test {
  std::atomic<std::int64_t> end{5};
  std::atomic<std::int64_t> position{0};
  std::atomic<bool> kafka_answers{true};
  std::atomic<int> end_questions{0};
  std::atomic<int> position_questions{0};
  std::atomic<std::optional<bool>> proof{true};
  std::atomic<int> proof_questions{0};

  PositionSources sources() {
    return {[](const std::string&) { return std::optional<std::int32_t>(3); },
            [this](std::int32_t) {
              ++end_questions;
              return kafka_answers ? std::optional(end.load()) : std::nullopt;
            },
            [this] {
              ++position_questions;
              return std::optional(std::map<std::int32_t, StoredPosition>{{3, {position}}});
            },
            [this](std::int32_t, const StoredPosition&) {
              ++proof_questions;
              return proof.load();
            }};
  }
};

std::future<bool> wait(PositionWaiter& waiter) {
  auto promise = std::make_shared<std::promise<bool>>();
  waiter.wait("r", [promise](bool is_stored) { promise->set_value(is_stored); });
  return promise->get_future();
}

TEST_F(PositionWaiterTest, IsStoredOnceThePositionReachesTheEnd) {
  PositionWaiter waiter(sources(), {milliseconds{1}, milliseconds{20'000}, milliseconds{1}});
  auto stored = wait(waiter);
  while (position_questions < 3) std::this_thread::yield();
  EXPECT_EQ(stored.wait_for(milliseconds{0}), std::future_status::timeout);
  position = 4;
  const int asked = position_questions;
  while (position_questions < asked + 3) std::this_thread::yield();
  EXPECT_EQ(stored.wait_for(milliseconds{0}), std::future_status::timeout);
  position = 5;
  EXPECT_TRUE(stored.get());
  EXPECT_EQ(end_questions, 1) << "the end is that of the call, not a later one";
}

TEST_F(PositionWaiterTest, TheEndIsAskedForAfterTheDelay) {
  position = 5;
  PositionWaiter waiter(sources(), {milliseconds{200}, milliseconds{20'000}, milliseconds{1}});
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE(wait(waiter).get());
  EXPECT_GE(std::chrono::steady_clock::now() - begin, milliseconds{200});
}

TEST_F(PositionWaiterTest, IsNotStoredWhereKafkaOrThePersisterAreSilent) {
  PositionWaiter waiter(sources(), {milliseconds{1}, milliseconds{50}, milliseconds{1}});
  EXPECT_FALSE(wait(waiter).get());
  position = 5;
  kafka_answers = false;
  EXPECT_FALSE(wait(waiter).get());
}

TEST_F(PositionWaiterTest, I6WaitsAreBounded) {
  PositionWaiter waiter(sources(), {milliseconds{1}, milliseconds{20'000}, milliseconds{1}, 3});
  std::vector<std::future<bool>> all;
  all.reserve(3);
  for (int i = 0; i < 3; ++i) all.push_back(wait(waiter));
  while (position_questions < 2) std::this_thread::yield();
  EXPECT_FALSE(wait(waiter).get());
  position = 5;
  for (auto& each : all) EXPECT_TRUE(each.get());
  while (!wait(waiter).get()) std::this_thread::yield();
}

TEST_F(PositionWaiterTest, ManyWaitsAskOnce) {
  position = 5;
  PositionWaiter waiter(sources(), {milliseconds{300}, milliseconds{20'000}, milliseconds{1}});
  std::vector<std::future<bool>> all;
  all.reserve(100);
  for (int i = 0; i < 100; ++i) all.push_back(wait(waiter));
  for (auto& each : all) EXPECT_TRUE(each.get());
  EXPECT_LT(end_questions, 50);
  EXPECT_LT(proof_questions, 50);
}

TEST_F(PositionWaiterTest, APositionOfAnotherTopicProvesNothing) {
  position = 100;
  proof = false;
  PositionWaiter waiter(sources(), {milliseconds{1}, milliseconds{50}, milliseconds{1}});
  EXPECT_FALSE(wait(waiter).get());
  proof = std::nullopt;
  EXPECT_FALSE(wait(waiter).get()) << "nor one of which Kafka says nothing";
  proof = true;
  EXPECT_TRUE(wait(waiter).get());
}

TEST_F(PositionWaiterTest, APartitionThatDoesNotAnswerHoldsUpItsOwnRoomsOnly) {
  position = 5;
  auto only_some = sources();
  only_some.partition = [](const std::string& room) { return std::optional(room == "r" ? 3 : 4); };
  only_some.end_offset = [](std::int32_t partition) {
    return partition == 3 ? std::optional<std::int64_t>(5) : std::nullopt;
  };
  PositionWaiter waiter(only_some, {milliseconds{1}, milliseconds{20'000}, milliseconds{1}});
  waiter.wait("of the silent partition", [](bool) {});
  EXPECT_TRUE(wait(waiter).get()) << "the one that came later";
}

}  // namespace
}  // namespace chat::gateway
