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

sigset_t shutdown_set() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

[[noreturn]] void fail(int code, const char* what) {
  throw std::system_error(code, std::generic_category(), what);
}

}  // namespace

void block_shutdown_signals() {
  const sigset_t set = shutdown_set();
  if (const int code = pthread_sigmask(SIG_BLOCK, &set, nullptr); code != 0)
    fail(code, "cannot block SIGINT and SIGTERM");
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  if (sigaction(SIGPIPE, &ignore, nullptr) != 0) fail(errno, "cannot ignore SIGPIPE");
}

ShutdownSignals::ShutdownSignals(boost::asio::io_context& context, std::function<void(int)> on_first) {
  const sigset_t set = shutdown_set();
  signals_ = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  if (signals_ < 0) fail(errno, "cannot wait for signals");
  stop_ = eventfd(0, EFD_CLOEXEC);
  if (stop_ < 0) {
    const int code = errno;
    close(signals_);
    fail(code, "cannot wait for signals");
  }
  thread_ = std::thread(
      [this, &context, handler = std::move(on_first)]() mutable { wait(context, std::move(handler)); });
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

void ShutdownSignals::wait(boost::asio::io_context& context, std::function<void(int)> on_first) const {
  const auto first = next_signal();
  if (!first) return;
  boost::asio::post(context, [handler = std::move(on_first), number = *first] { handler(number); });
  if (const auto second = next_signal()) std::_Exit(128 + *second);
}

}  // namespace chat
