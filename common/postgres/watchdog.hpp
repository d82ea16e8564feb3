// Ends a wait for a server that is frozen. No timeout of TCP or of the server itself does that.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace chat::postgres {

/// Shuts the watched socket down when no progress was reported within the limit, so that the call that is
/// blocked on it returns an error. One socket at a time; watch, progress and release belong to one thread.
class Watchdog {
 public:
  Watchdog();
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  /// From now on. The socket must stay open until release(). A limit of 0 watches nothing.
  void watch(int socket, std::chrono::milliseconds limit);

  /// The limit begins anew.
  void progress();

  /// Whether the socket was shut down since watch(). After this returns the socket is not touched any more.
  bool release();

 private:
  using Clock = std::chrono::steady_clock;

  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  int socket_ = -1;
  std::chrono::milliseconds limit_{0};
  Clock::time_point deadline_;
  bool fired_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace chat::postgres
