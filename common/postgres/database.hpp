// A connection to PostgreSQL that is made when needed, proven when new, and dropped after any failure.
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
///
/// Sets what it needs within each transaction (limits, isolation, synchronous_commit at least `on` for what
/// writes) and nothing in the session, so that a pooler may share the connection. Callers must do the same:
/// no SET without LOCAL, no session lock, no prepared statement, no temporary table, no LISTEN.
class Database {
 public:
  using Work = std::function<void(Transaction&)>;
  using OnConnected = std::function<std::optional<Failure>(Database&)>;

  /// `on_connected` prepares and checks each new connection before any work uses it; its transactions run on
  /// that connection. A failure that it gives is the failure of the call that needed the connection.
  explicit Database(DatabaseSettings settings, OnConnected on_connected = {});
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// Runs `work` at most once in one READ COMMITTED transaction and commits it; nullopt when the commit is
  /// known to have worked. Connects first where there is no connection. A connection that ended while it was
  /// idle fails before the work begins; that is no failure, and one new connection is made. After any other
  /// failure the connection is dropped and the next call makes a new one: libpqxx 6 would reconnect by itself
  /// and lose what was set. Exceptions of `work` become failures too. `silence_limit` replaces that of the
  /// settings for statements that may take long.
  std::optional<Failure> transact(const Work& work,
                                  std::optional<std::chrono::milliseconds> silence_limit = std::nullopt);

  /// The same in a transaction that only reads, of one snapshot.
  std::optional<Failure> read(const Work& work);

  /// The same as transact(), but rolled back: no other transaction ever sees what the work did.
  std::optional<Failure> rehearse(const Work& work);

 private:
  class Connection;
  enum class Mode { write, read, rehearse };

  struct Attempt {
    std::optional<Failure> failure;
    bool has_begun = false;  // the work, which is not done twice
  };

  std::optional<Failure> run(Mode mode, const Work& work, std::chrono::milliseconds limit);
  std::optional<Failure> connect();
  Attempt carry_out(Mode mode, const Work& work, std::chrono::milliseconds limit,
                    std::chrono::milliseconds first_limit);

  DatabaseSettings settings_;
  OnConnected on_connected_;
  std::unique_ptr<Watchdog> watchdog_;
  std::unique_ptr<Connection> connection_;
  bool is_being_made_ready_ = false;
};

}  // namespace chat::postgres
