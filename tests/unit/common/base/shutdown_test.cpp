#include "common/base/shutdown.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <future>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

namespace chat {
namespace {

// Signals are the process's, so each test runs its body in a process of its own (EXPECT_EXIT).
class Shutdown : public testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

/// Runs until the first signal, of which it sends itself one, and gives what the handler got.
int signal_received(int number) {
  block_signals();
  boost::asio::io_context context;
  auto work = boost::asio::make_work_guard(context);
  int received = 0;
  const ShutdownSignals signals(
      context,
      [&](int n) {
        received = n;
        work.reset();
      },
      [](int) {});
  kill(getpid(), number);
  context.run_for(std::chrono::seconds(10));
  return received;
}

TEST_F(Shutdown, TellsTheHandlerOfTheFirstSignal) {
  EXPECT_EXIT(std::_Exit(signal_received(SIGTERM)), testing::ExitedWithCode(SIGTERM), "");
  EXPECT_EXIT(std::_Exit(signal_received(SIGINT)), testing::ExitedWithCode(SIGINT), "");
}

TEST_F(Shutdown, EndsAtOnceAtASecondSignalEvenWhileTheHandlerBlocks) {
  const auto run = [](int second) {
    block_signals();
    boost::asio::io_context context;
    const auto work = boost::asio::make_work_guard(context);
    std::promise<void> never;
    const ShutdownSignals signals(
        context,
        [&](int) {
          kill(getpid(), second);
          never.get_future().wait_for(std::chrono::seconds(10));
          std::_Exit(1);
        },
        [](int) {});
    kill(getpid(), SIGTERM);
    context.run();
  };
  EXPECT_EXIT(run(SIGTERM), testing::ExitedWithCode(128 + SIGTERM), "");
  EXPECT_EXIT(run(SIGINT), testing::ExitedWithCode(128 + SIGINT), "");
}

/// Sends itself one after the other, then SIGTERM, and gives 0 when `on_other` got each and SIGTERM stopped.
int others_received(const std::vector<int>& numbers) {
  block_signals();
  boost::asio::io_context context;
  auto work = boost::asio::make_work_guard(context);
  std::promise<void> all;
  std::vector<int> received;  // on the waiting thread, then read after it told so
  int stopped_by = 0;
  const ShutdownSignals signals(
      context,
      [&](int n) {
        stopped_by = n;
        work.reset();
      },
      [&](int n) {
        received.push_back(n);
        if (received.size() == numbers.size()) all.set_value();
      });
  for (const int number : numbers) kill(getpid(), number);
  if (all.get_future().wait_for(std::chrono::seconds(10)) != std::future_status::ready) return 1;
  if (!std::ranges::is_permutation(received, numbers)) return 2;
  kill(getpid(), SIGTERM);
  context.run_for(std::chrono::seconds(10));
  return stopped_by == SIGTERM ? 0 : 3;
}

TEST_F(Shutdown, OtherSignalsThatMeanNoFaultAreToldAndDoNotEndTheProcess) {
  EXPECT_EXIT(std::_Exit(others_received({SIGHUP, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGIO,
                                          SIGPWR, SIGSTKFLT, SIGRTMIN, SIGRTMAX})),
              testing::ExitedWithCode(0), "");
}

TEST_F(Shutdown, EndsWithoutASignal) {
  const auto run = [] {
    block_signals();
    boost::asio::io_context context;
    {
      const ShutdownSignals signals(
          context, [](int) {}, [](int) {});
    }
    std::_Exit(0);
  };
  EXPECT_EXIT(run(), testing::ExitedWithCode(0), "");
}

TEST_F(Shutdown, ABrokenPipeDoesNotEndTheProcess) {
  const auto run = [] {
    block_signals();
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) std::_Exit(1);
    close(pair[1]);
    std::_Exit(write(pair[0], "x", 1) == -1 && errno == EPIPE ? 0 : 1);
  };
  EXPECT_EXIT(run(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace chat
