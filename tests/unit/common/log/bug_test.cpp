#include "common/base/bug.hpp"

#include <gtest/gtest.h>

#include "common/metrics/metrics.hpp"

namespace chat {
namespace {

class BugTest : public ::testing::Test {
 protected:
  ~BugTest() override { bug::aborts = true; }
};

TEST_F(BugTest, EndsATest) {
  EXPECT_DEATH(static_cast<void>(CHAT_BUG(1 + 1 == 2, "sums are forbidden")), "");
}

TEST_F(BugTest, IsCountedAndToldToTheCallerWhereTheProcessGoesOn) {
  bug::aborts = false;
  const auto before = bug::count();
  EXPECT_FALSE(CHAT_BUG(false, "nothing"));
  EXPECT_EQ(bug::count(), before);
  testing::internal::CaptureStdout();
  EXPECT_TRUE(CHAT_BUG(before < 1000, "a test"));
  EXPECT_TRUE(CHAT_BUG(before < 1000, "a test"));
  const std::string log = testing::internal::GetCapturedStdout();
  EXPECT_EQ(bug::count(), before + 2);
  EXPECT_NE(log.find(R"("meaning":"a test","condition":"before < 1000")"), std::string::npos) << log;
  EXPECT_NE(Metrics().text().find("chat_bugs_total " + std::to_string(bug::count())), std::string::npos);
}

}  // namespace
}  // namespace chat
