#include "common/postgres/watchdog.hpp"

#include <array>
#include <chrono>

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace chat::postgres {
namespace {

using std::chrono::milliseconds;

class WatchdogTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends_.data()), 0); }
  void TearDown() override {
    for (const int end : ends_) ::close(end);
  }

  /// Whether the socket is shut down within the limit.
  bool is_cut(milliseconds limit) const {
    pollfd waited{ends_[0], POLLIN, 0};
    return ::poll(&waited, 1, static_cast<int>(limit.count())) == 1;
  }

  std::array<int, 2> ends_{};
  Watchdog watchdog_;
};

TEST_F(WatchdogTest, CutsTheSocketAfterTheLimit) {
  watchdog_.watch(ends_[0], milliseconds{50});
  EXPECT_TRUE(is_cut(milliseconds{10'000}));
  EXPECT_TRUE(watchdog_.release());
}

TEST_F(WatchdogTest, LeavesAReleasedSocketAlone) {
  watchdog_.watch(ends_[0], milliseconds{50});
  EXPECT_FALSE(watchdog_.release());
  EXPECT_FALSE(is_cut(milliseconds{150}));
}

TEST_F(WatchdogTest, BeginsAnewAtEachProgress) {
  watchdog_.watch(ends_[0], milliseconds{1'000});
  for (int i = 0; i < 12; ++i) {
    EXPECT_FALSE(is_cut(milliseconds{100}));
    watchdog_.progress();
  }
  EXPECT_TRUE(is_cut(milliseconds{10'000}));
}

TEST_F(WatchdogTest, WatchesAgainAfterItCut) {
  watchdog_.watch(ends_[0], milliseconds{20});
  ASSERT_TRUE(is_cut(milliseconds{10'000}));
  EXPECT_TRUE(watchdog_.release());
  watchdog_.watch(ends_[0], milliseconds{60'000});
  EXPECT_FALSE(watchdog_.release());
}

}  // namespace
}  // namespace chat::postgres
