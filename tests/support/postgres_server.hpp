// A real PostgreSQL of the test's own: a temporary cluster on a free port, stopped by pid with the test.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include <sys/types.h>

namespace chat::test {

/// Started once per test binary. As root it runs as the system user `postgres`, since PostgreSQL refuses
/// root. A machine without PostgreSQL fails the tests, it does not skip them. Not thread-safe.
class PostgresServer {
 public:
  /// The one server of this process, started at the first call and running again at each.
  static PostgresServer& running();

  /// The URL of a new empty database; `options` as CREATE DATABASE takes them.
  std::string new_database(const std::string& options = {});

  /// SIGINT: open connections are cut, and new ones refused. Returns when the server is gone.
  void stop();
  void start();

  /// Stops all its processes in their tracks, not closing anything; and lets them go on.
  void freeze();
  void thaw();

  PostgresServer();
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

 private:
  std::string url(const std::string& database) const;
  bool accepts() const;
  void signal_all(int signal) const;

  std::filesystem::path folder_;
  int port_ = 0;
  pid_t pid_ = 0;
  int databases_ = 0;
};

}  // namespace chat::test
