// SIGINT and SIGTERM as one orderly stop, and as an immediate end when they come again.
#pragma once

#include <functional>
#include <optional>
#include <thread>

#include <boost/asio/io_context.hpp>

namespace chat {

/// Blocks SIGINT and SIGTERM in the calling thread and in all that it starts, and ignores SIGPIPE. Call it
/// first in main, before any library starts a thread, or that thread takes the signal (A4, H11). Throws
/// std::system_error.
void block_shutdown_signals();

/// Waits for SIGINT and SIGTERM, which block_shutdown_signals() must have blocked before. A thread of its own
/// waits, so that the second signal works even while the first one's handler blocks. Keep it to the end of
/// main: after it is gone the two signals do nothing.
class ShutdownSignals {
 public:
  /// `on_first` gets the signal's number and is posted to `context` once, at the first signal; `context` must
  /// have work until then and outlive this object. A second signal ends the process at once, with exit code
  /// 128 + number. Throws std::system_error.
  ShutdownSignals(boost::asio::io_context& context, std::function<void(int)> on_first);
  ~ShutdownSignals();
  ShutdownSignals(const ShutdownSignals&) = delete;
  ShutdownSignals& operator=(const ShutdownSignals&) = delete;

 private:
  /// Waits for the next signal; none when this object goes.
  std::optional<int> next_signal() const;
  void wait(boost::asio::io_context& context, std::function<void(int)> on_first) const;

  int signals_;
  int stop_;
  std::thread thread_;
};

}  // namespace chat
