#include "common/base/shutdown.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <system_error>
#include <utility>

#include <boost/asio/post.hpp>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace chat {
namespace {

sigset_t handled_set() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number :
       {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGIO, SIGPWR, SIGSTKFLT})
    sigaddset(&set, number);
  for (int number = SIGRTMIN; number <= SIGRTMAX; ++number) sigaddset(&set, number);
  return set;
}

[[noreturn]] void fail(int code, const char* what) {
  throw std::system_error(code, std::generic_category(), what);
}

}  // namespace

void block_signals() {
  const sigset_t set = handled_set();
  if (const int code = pthread_sigmask(SIG_BLOCK, &set, nullptr); code != 0)
    fail(code, "cannot block signals");
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  for (const int number : {SIGPIPE, SIGXFSZ})
    if (sigaction(number, &ignore, nullptr) != 0) fail(errno, "cannot ignore SIGPIPE and SIGXFSZ");
}

ShutdownSignals::ShutdownSignals(boost::asio::io_context& context, std::function<void(int)> on_stop,
                                 std::function<void(int)> on_other)
    : on_other_(std::move(on_other)) {
  const sigset_t set = handled_set();
  signals_ = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  if (signals_ < 0) fail(errno, "cannot wait for signals");
  stop_ = eventfd(0, EFD_CLOEXEC);
  if (stop_ < 0) {
    const int code = errno;
    close(signals_);
    fail(code, "cannot wait for signals");
  }
  thread_ = std::thread(
      [this, &context, handler = std::move(on_stop)]() mutable { wait(context, std::move(handler)); });
}

ShutdownSignals::~ShutdownSignals() {
  eventfd_write(stop_, 1);
  thread_.join();
  close(stop_);
  close(signals_);
}

std::optional<int> ShutdownSignals::next_signal() const {
  for (;;) {
    std::array<pollfd, 2> waited{pollfd{signals_, POLLIN, 0}, pollfd{stop_, POLLIN, 0}};
    if (poll(waited.data(), waited.size(), -1) < 0 && errno != EINTR) return std::nullopt;
    if (waited[1].revents != 0) return std::nullopt;
    signalfd_siginfo received{};
    if (read(signals_, &received, sizeof received) == static_cast<ssize_t>(sizeof received))
      return static_cast<int>(received.ssi_signo);
  }
}

std::optional<int> ShutdownSignals::next_stop() const {
  for (;;) {
    const auto number = next_signal();
    if (!number || *number == SIGINT || *number == SIGTERM) return number;
    on_other_(*number);
  }
}

void ShutdownSignals::wait(boost::asio::io_context& context, std::function<void(int)> on_stop) const {
  const auto first = next_stop();
  if (!first) return;
  boost::asio::post(context, [handler = std::move(on_stop), number = *first] { handler(number); });
  if (const auto second = next_stop()) std::_Exit(128 + *second);
}

}  // namespace chat
