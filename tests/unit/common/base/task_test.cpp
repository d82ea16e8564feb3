#include "common/base/task.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

namespace chat {
namespace {

struct TaskTest : ::testing::Test {
  using Callback = std::function<void(int)>;

  /// Keeps the callback until the test calls it.
  auto ask_later() {
    return ask<int>([this](Callback callback) { callbacks.push_back(std::move(callback)); });
  }
  auto ask_now(int value) {
    return ask<int>([value](const Callback& callback) { callback(value); });
  }

  Task add_two_answers() {
    const int first = co_await ask_later();
    const int second = co_await ask_later();
    results.push_back(first + second);
  }
  Task add_to(int value) {
    const int answer = co_await ask_now(value);
    results.push_back(answer);
  }
  Task hold(std::shared_ptr<int> held) {
    const int answer = co_await ask_later();
    results.push_back(answer + *held);
  }
  Task end_scope(std::shared_ptr<int> held) {
    scope.reset();
    results.push_back(*held);
    co_await ask_later();
    results.push_back(-1);
  }
  Task end_scope_while_asking(std::shared_ptr<int> held) {
    co_await ask<int>([this](const Callback& callback) {
      scope.reset();
      callback(1);
    });
    results.push_back(*held);
  }
  Task fail() {
    co_await ask_later();
    throw std::runtime_error("failed");
  }

  std::deque<Callback> callbacks;
  std::vector<int> results;
  std::unique_ptr<TaskScope> scope = std::make_unique<TaskScope>();
};

TEST_F(TaskTest, ResumesWithEachAnswer) {
  scope->start(add_two_answers());
  ASSERT_EQ(callbacks.size(), 1U);
  callbacks[0](3);
  ASSERT_EQ(callbacks.size(), 2U);
  EXPECT_TRUE(results.empty());
  callbacks[1](4);
  EXPECT_EQ(results, std::vector{7});
}

TEST_F(TaskTest, AnAnswerWithinTheCallDoesNotSuspend) {
  scope->start(add_to(5));
  EXPECT_EQ(results, std::vector{5});
}

TEST_F(TaskTest, TasksWaitSideBySide) {
  scope->start(add_two_answers());
  scope->start(hold(std::make_shared<int>(10)));
  callbacks[1](1);
  callbacks[0](2);
  callbacks[2](3);
  EXPECT_EQ(results, (std::vector{11, 5}));
}

TEST_F(TaskTest, ASecondCallOfACallbackIsDropped) {
  scope->start(add_two_answers());
  callbacks[0](3);
  callbacks[0](5);
  EXPECT_TRUE(results.empty());
  callbacks[1](4);
  EXPECT_EQ(results, std::vector{7});
}

TEST_F(TaskTest, TheScopeDestroysTasksThatWait) {
  const auto held = std::make_shared<int>(1);
  scope->start(hold(held));
  EXPECT_EQ(held.use_count(), 2);
  scope.reset();
  EXPECT_EQ(held.use_count(), 1);
  callbacks[0](3);
  EXPECT_TRUE(results.empty());
}

TEST_F(TaskTest, ATaskThatWasNotStartedIsDestroyed) {
  const auto held = std::make_shared<int>(1);
  { const Task task = hold(held); }
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_TRUE(callbacks.empty());
}

TEST_F(TaskTest, ATaskThatEndsItsScopeRunsOnToItsNextWait) {
  const auto held = std::make_shared<int>(1);
  scope->start(end_scope(held));
  EXPECT_EQ(results, std::vector{1});
  EXPECT_EQ(held.use_count(), 1);
  callbacks.at(0)(3);
  EXPECT_EQ(results, std::vector{1});
}

TEST_F(TaskTest, ATaskWhoseCallEndsItsScopeDoesNotResume) {
  const auto held = std::make_shared<int>(1);
  scope->start(end_scope_while_asking(held));
  EXPECT_TRUE(results.empty());
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(TaskTest, AnExceptionReachesWhoeverAnswers) {
  scope->start(fail());
  EXPECT_THROW(callbacks[0](1), std::runtime_error);
  scope.reset();
}

}  // namespace
}  // namespace chat
