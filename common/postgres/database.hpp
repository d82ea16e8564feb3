// A connection to PostgreSQL that is made when needed and dropped after any failure.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include "common/postgres/database_settings.hpp"
#include "common/postgres/failure.hpp"
#include "common/postgres/transaction.hpp"

namespace chat::postgres {

/// One thread at a time. Blocks for at most connect_timeout, then the silence limit per statement.
class Database {
 public:
  explicit Database(DatabaseSettings settings);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// Runs `work` in one READ COMMITTED transaction and commits it; nullopt when the commit is known to have
  /// worked. Connects first where there is no connection. After any failure the connection is gone and the
  /// next call makes a new one: libpqxx 6 would reconnect by itself and lose what was set (P3). Exceptions of
  /// `work` become failures too. `silence_limit` in place of the settings' for statements that may take long.
  std::optional<Failure> transact(const std::function<void(Transaction&)>& work,
                                  std::optional<std::chrono::milliseconds> silence_limit = std::nullopt);

 private:
  class Connection;

  DatabaseSettings settings_;
  std::unique_ptr<Watchdog> watchdog_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace chat::postgres
