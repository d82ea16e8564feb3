#include "common/admin/dependencies.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chat::admin {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const Trouble no_space{"no_space", "the disk is full", "make room"};
const Trouble read_only{"read_only", "it is a replica", "point at the master"};

class DependenciesTest : public testing::Test {
 protected:
  Readiness told() const { return dependencies_.complete({true, "ready", {}}); }

  /// How many lines of the log `calls` writes hold the word.
  template <class Calls>
  static std::size_t lines_with(const std::string& word, Calls calls) {
    testing::internal::CaptureStdout();
    calls();
    const std::string text = testing::internal::GetCapturedStdout();
    std::size_t count = 0;
    for (auto at = text.find(word); at != std::string::npos; at = text.find(word, text.find('\n', at)))
      ++count;
    return count;
  }

  const Trial::Clock::time_point start_{};
  Metrics metrics_;
  Dependencies dependencies_{metrics_};
};

TEST_F(DependenciesTest, IsNotReadyBeforeEachNeededTrialSucceededOnce) {
  Trial& redis = dependencies_.add("redis");
  Trial& kafka = dependencies_.add("kafka");
  dependencies_.add("postgres", false);
  EXPECT_FALSE(told().ready);
  EXPECT_EQ(told().status, "starting");
  redis.succeed();
  EXPECT_FALSE(dependencies_.have_served());
  kafka.succeed();
  EXPECT_TRUE(dependencies_.have_served());
  EXPECT_TRUE(told().ready);
  EXPECT_EQ(told().status, "ready");
}

TEST_F(DependenciesTest, NamesTheCauseBeforeTheFirstSuccessAndStaysReadyAfterIt) {
  Trial& redis = dependencies_.add("redis");
  redis.fail(no_space);
  EXPECT_FALSE(told().ready);
  EXPECT_THAT(told().degraded, ElementsAre("redis"));
  EXPECT_EQ(dependencies_.first_trouble(), "redis: the disk is full; make room");
  redis.succeed();
  EXPECT_THAT(told().causes, IsEmpty());
  redis.fail(read_only);
  EXPECT_TRUE(told().ready);
  EXPECT_EQ(told().status, "degraded");
  ASSERT_EQ(told().causes.size(), 1U);
  EXPECT_EQ(told().causes[0].trouble, read_only);
}

TEST_F(DependenciesTest, OneOfSeveralTrialsIsEnoughAndEachCauseIsToldOnce) {
  Trial& first = dependencies_.add("redis");
  Trial& second = dependencies_.add("redis");
  Trial& third = dependencies_.add("redis");
  for (Trial* trial : {&first, &second, &third}) trial->succeed();
  EXPECT_THAT(metrics_.text(), HasSubstr("chat_dependency_ready{dependency=\"redis\"} 1"));
  second.fail(no_space);
  third.fail(no_space);
  EXPECT_THAT(told().degraded, ElementsAre("redis"));
  EXPECT_EQ(told().causes.size(), 1U);
  EXPECT_THAT(metrics_.text(), HasSubstr("chat_dependency_ready{dependency=\"redis\"} 0"));
  EXPECT_THAT(metrics_.text(),
              HasSubstr("chat_dependency_failures_total{cause=\"no_space\",dependency=\"redis\"} 2"));
  second.succeed();
  EXPECT_EQ(told().status, "degraded");
  third.succeed();
  EXPECT_EQ(told().status, "ready");
}

TEST_F(DependenciesTest, ADegradedPartThatIsNamedAlreadyIsNotNamedTwice) {
  dependencies_.add("redis").fail(no_space);
  EXPECT_THAT(dependencies_.complete({true, "ready", {"redis"}}).degraded, ElementsAre("redis"));
}

TEST_F(DependenciesTest, TheReadinessOfADrainingServiceIsLeftAlone) {
  dependencies_.add("redis");
  const auto readiness = dependencies_.complete({false, "draining", {}});
  EXPECT_FALSE(readiness.ready);
  EXPECT_EQ(readiness.status, "draining");
}

TEST_F(DependenciesTest, LogsOnceAChangeWithCauseAndRemedy) {
  Trial& redis = dependencies_.add("redis");
  EXPECT_EQ(lines_with("\"remedy\":\"make room\"",
                       [&] {
                         for (int i = 0; i < 100; ++i) redis.fail(no_space, start_ + seconds{i});
                       }),
            1U);
  EXPECT_EQ(lines_with("works again", [&] { redis.succeed(start_ + seconds{100}); }), 1U);
  EXPECT_EQ(lines_with("\n", [&] { redis.succeed(start_ + seconds{200}); }), 0U);
}

TEST_F(DependenciesTest, ADependencyThatComesAndGoesWritesALineIn5SecondsAtMost) {
  Trial& redis = dependencies_.add("redis");
  EXPECT_LE(lines_with("\"message\"",
                       [&] {
                         for (int i = 0; i < 1000; ++i) {
                           const auto now = start_ + i * std::chrono::milliseconds{20};
                           i % 2 == 0 ? redis.fail(no_space, now) : redis.succeed(now);
                         }
                       }),
            4U);
  EXPECT_EQ(lines_with("it is a replica", [&] { redis.fail(read_only, start_ + seconds{60}); }), 1U);
}

}  // namespace
}  // namespace chat::admin
