// SIGINT and SIGTERM stop the process in order, and end it at once when they come again. Other signals that
// only carry news do not end it.
#pragma once

#include <functional>
#include <optional>
#include <thread>

#include <boost/asio/io_context.hpp>

namespace chat {

/// Blocks, in the calling thread and in all that it starts, SIGINT, SIGTERM and every signal that would end a
/// process although nothing is wrong with it: SIGHUP, SIGUSR1, SIGUSR2, the timers' ones, SIGIO, SIGPWR,
/// SIGSTKFLT and the real-time signals. Ignores SIGPIPE and SIGXFSZ, whose calls fail instead. Left as they
/// are: SIGQUIT, which asks for a core dump, SIGKILL, and the signals of faults. Call it first in main,
/// before any library starts a thread, or that thread takes the signal. Throws std::system_error.
void block_signals();

/// Waits for the signals that block_signals() must have blocked before. A thread of its own waits, so that
/// the second stop works even while the first one's handler blocks. Keep it to the end of main: after it is
/// gone the signals do nothing.
class ShutdownSignals {
 public:
  /// Called with the signal's number. `on_stop` is posted to `context` once, at the first SIGINT or SIGTERM;
  /// `context` must have work until then and outlive this object. A second one ends the process at once, with
  /// exit code 128 + number. `on_other` is called on the waiting thread for each other signal, also before
  /// and during the stop; it must not throw. Throws std::system_error.
  ShutdownSignals(boost::asio::io_context& context, std::function<void(int)> on_stop,
                  std::function<void(int)> on_other);
  ~ShutdownSignals();
  ShutdownSignals(const ShutdownSignals&) = delete;
  ShutdownSignals& operator=(const ShutdownSignals&) = delete;

 private:
  /// Waits for the next signal; none when this object goes.
  std::optional<int> next_signal() const;
  /// The same for SIGINT and SIGTERM; the others go to on_other_.
  std::optional<int> next_stop() const;
  void wait(boost::asio::io_context& context, std::function<void(int)> on_stop) const;

  int signals_;
  int stop_;
  std::function<void(int)> on_other_;
  std::thread thread_;
};

}  // namespace chat
