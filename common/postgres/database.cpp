#include "common/postgres/database.hpp"

#include <exception>
#include <string>
#include <utility>

#include "common/postgres/pqxx_versions.hpp"
#include "common/postgres/watchdog.hpp"

namespace chat::postgres {
namespace {

using std::chrono::milliseconds;

/// How long the server lets a client that went silent inside a transaction keep its locks.
constexpr milliseconds idle_limit{15'000};

Failure fail(ErrorClass error_class, std::string sqlstate, const char* what) {
  const Response response = classify(error_class, sqlstate);
  return {response, std::move(sqlstate), first_line(what)};
}

/// The exception in flight as a failure. The order is that of the classes' inheritance, which differs between
/// libpqxx 6 and 7 (P1).
Failure describe_exception() {
  try {
    throw;
  } catch (const pqxx::broken_connection& e) {
    return fail(ErrorClass::connection, {}, e.what());
  } catch (const pqxx::in_doubt_error& e) {
    return fail(ErrorClass::in_doubt, {}, e.what());
  } catch (const pqxx::transaction_rollback& e) {
    return fail(ErrorClass::rollback, {}, e.what());
  } catch (const pqxx::insufficient_privilege& e) {
    return fail(ErrorClass::privilege, e.sqlstate(), e.what());
  } catch (const pqxx::sql_error& e) {
    return fail(ErrorClass::sql, e.sqlstate(), e.what());
  } catch (const pqxx::failure& e) {
    return fail(ErrorClass::connection, {}, e.what());
  } catch (const std::exception& e) {
    return fail(ErrorClass::other, {}, e.what());
  }
}

std::string timeout_statement(const char* set, milliseconds limit) {
  return std::string(set) + std::to_string(limit.count());
}

}  // namespace

class Database::Connection {
 public:
  explicit Connection(const DatabaseSettings& settings) : pqxx_(connection_url(settings)) {
    forbid_reconnect(pqxx_);
  }

  int socket() const { return pqxx_.sock(); }

  /// What the server does by itself about us, should we be the frozen side.
  void set_limits(Watchdog& watchdog, milliseconds silence_limit) {
    pqxx::work work(pqxx_);
    Transaction transaction(&work, watchdog);
    transaction.execute(timeout_statement("SET statement_timeout = ", silence_limit));
    transaction.execute(timeout_statement("SET idle_in_transaction_session_timeout = ", idle_limit));
    work.commit();
  }

  void transact(const std::function<void(Transaction&)>& work, Watchdog& watchdog,
                std::optional<milliseconds> silence_limit) {
    pqxx::work transaction(pqxx_);
    Transaction statements(&transaction, watchdog);
    if (silence_limit)
      statements.execute(timeout_statement("SET LOCAL statement_timeout = ", *silence_limit));
    work(statements);
    watchdog.progress();
    transaction.commit();
  }

 private:
  pqxx::connection pqxx_;
};

Database::Database(DatabaseSettings settings)
    : settings_(std::move(settings)), watchdog_(std::make_unique<Watchdog>()) {}

Database::~Database() = default;

std::optional<Failure> Database::transact(const std::function<void(Transaction&)>& work,
                                          std::optional<milliseconds> silence_limit) {
  const milliseconds limit = silence_limit.value_or(settings_.silence_limit);
  std::optional<Failure> failure;
  try {
    const bool is_new = connection_ == nullptr;
    if (is_new) connection_ = std::make_unique<Connection>(settings_);
    watchdog_->watch(connection_->socket(), limit);
    if (is_new) connection_->set_limits(*watchdog_, settings_.silence_limit);
    connection_->transact(work, *watchdog_, silence_limit);
  } catch (const std::exception&) {
    failure = describe_exception();
  }
  const bool was_silent = watchdog_->release();
  if (!failure) return std::nullopt;
  if (was_silent) {
    failure->message =
        "PostgreSQL was silent for " + std::to_string(limit.count()) + " ms, the connection was cut";
  }
  connection_.reset();
  return failure;
}

}  // namespace chat::postgres

#ifdef __SANITIZE_ADDRESS__
/// libpqxx 6 loses the result in hand where it throws for a lost connection: 2 KiB each time.
extern "C" const char* __lsan_default_suppressions();   // NOLINT
extern "C" const char* __lsan_default_suppressions() {  // NOLINT
  return "leak:libpqxx-6";
}
#endif
