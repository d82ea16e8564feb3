#include "common/redis/trial_timer.hpp"

#include <optional>

#include <gtest/gtest.h>

namespace chat::redis {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

/// The least or the greatest number that it may give.
class EdgeRandom : public Random {
 public:
  std::uint64_t next() override { return value; }
  std::uint64_t value = 0;
};

class TrialTimerTest : public testing::Test {
 protected:
  milliseconds run_after(void (TrialTimer::*wait)()) {
    const auto begin = Clock::now();
    ((*timer_).*wait)();
    context_.restart();
    context_.run();
    return std::chrono::duration_cast<milliseconds>(Clock::now() - begin);
  }

  EdgeRandom random_;
  boost::asio::io_context context_{1};
  int trials_ = 0;
  std::optional<TrialTimer> timer_{std::in_place, context_,
                                   TrialPace{milliseconds{100}, milliseconds{50}, milliseconds{1}},
                                   [this] { ++trials_; }, random_};
};

TEST_F(TrialTimerTest, waits_within_a_fifth_of_its_pace) {
  EXPECT_GE(run_after(&TrialTimer::wait_after_success), milliseconds{80});
  EXPECT_GE(run_after(&TrialTimer::wait_after_trouble), milliseconds{40});
  random_.value = 40;
  EXPECT_GE(run_after(&TrialTimer::wait_after_success), milliseconds{120});
  EXPECT_EQ(trials_, 3);
}

TEST_F(TrialTimerTest, a_wait_replaces_the_one_before) {
  timer_->wait(std::chrono::hours{1});
  timer_->start();
  context_.run();
  EXPECT_EQ(trials_, 1);
}

TEST_F(TrialTimerTest, nothing_is_tried_once_it_is_gone) {
  timer_->start();
  timer_.reset();
  context_.run();
  EXPECT_EQ(trials_, 0);
}

}  // namespace
}  // namespace chat::redis
