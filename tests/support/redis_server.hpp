// A real Redis of the test's own: on a free port, in a temporary folder, with a password; stopped by pid.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include <sys/types.h>

#include "common/config/service_settings.hpp"

namespace chat::test {

/// Starts in the constructor and ends with the object, or with the thread that started it. A machine without
/// redis-server fails the test. Not thread-safe; start() throws std::runtime_error.
class RedisServer {
 public:
  /// `options` are more words of the command line, such as {"--appendonly", "yes"}.
  explicit RedisServer(std::vector<std::string> options = {});
  ~RedisServer();
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  config::RedisSettings settings() const;

  void start();
  void kill();        // SIGKILL; returns when it is gone
  void wipe() const;  // removes what it has written to disk
  /// Sends one command on a connection of its own, waits, and gives the raw answer; empty where none came.
  std::string command(const std::vector<std::string>& words) const;

  /// What it has written to disk is here.
  const std::filesystem::path& folder() const { return folder_; }

  void freeze() const;
  void thaw() const;

  /// Its wall clock is so much ahead of the machine's, or behind; from the next start on, and then at once.
  void shift_clock(std::chrono::milliseconds shift);

 private:
  bool answers() const;

  std::vector<std::string> options_;
  std::filesystem::path folder_;
  int port_ = 0;
  pid_t pid_ = 0;
  bool has_own_clock_ = false;
};

}  // namespace chat::test
