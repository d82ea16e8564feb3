#include "common/postgres/database.hpp"

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

#include "common/log/log.hpp"
#include "common/postgres/connection_failure.hpp"
#include "common/postgres/pqxx_versions.hpp"
#include "common/postgres/watchdog.hpp"

namespace chat::postgres {
namespace {

using std::chrono::milliseconds;

/// How long the server lets a client that went silent inside a transaction keep its locks.
constexpr milliseconds idle_limit{15'000};

/// For the first answer on a connection that was used before: a firewall may have dropped it silently. A new
/// connection has the whole limit.
constexpr milliseconds idle_answer_limit{3'000};

Failure fail(ErrorClass error_class, std::string sqlstate, const char* what) {
  const Response response = classify(error_class, sqlstate);
  return {response, std::move(sqlstate), first_line(what)};
}

/// The exception in flight as a failure. The order is that of the classes' inheritance, which differs between
/// libpqxx 6 and 7.
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
    return fail(ErrorClass::privilege, "42501", e.what());
  } catch (const pqxx::sql_error& e) {
    return fail(ErrorClass::sql, e.sqlstate(), e.what());
  } catch (const Refusal& e) {
    return {Response::poison, {}, e.what()};
  } catch (const pqxx::failure& e) {
    return fail(ErrorClass::connection, {}, e.what());
  } catch (const std::exception& e) {
    return fail(ErrorClass::other, {}, e.what());
  }
}

const Failure connection_lost{Response::pause, {}, "the connection was lost while it was made ready"};

/// The last of the statements that begin a transaction.
std::string search_path_of(const std::string& schema) {
  if (schema.empty()) return {};
  std::string quoted;
  for (const char c : schema) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return "; SET LOCAL search_path = \"" + quoted + "\"";
}

/// Nothing that outlives the transaction is ever set: a pooler gives the session to other clients. With `off`
/// and `local` a commit could be lost after Kafka's offsets were committed.
std::string settings_of_writer(const std::string& statement_limit, const std::string& schema) {
  return "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; SELECT set_config('statement_timeout', '" +
         statement_limit + "', true), set_config('idle_in_transaction_session_timeout', '" +
         std::to_string(idle_limit.count()) +
         "', true), CASE WHEN current_setting('synchronous_commit') IN ('off', 'local') "
         "THEN set_config('synchronous_commit', 'on', true) END" +
         search_path_of(schema);
}

std::string settings_of_reader(const std::string& statement_limit, const std::string& schema) {
  return "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY; SET LOCAL statement_timeout = " +
         statement_limit +
         "; SET LOCAL idle_in_transaction_session_timeout = " + std::to_string(idle_limit.count()) +
         search_path_of(schema);
}

}  // namespace

class Database::Connection {
 public:
  explicit Connection(const DatabaseSettings& settings)
      : pqxx_(connection_url(settings)), schema_(settings.schema) {
    forbid_reconnect(pqxx_);
  }

  int socket() const { return pqxx_.sock(); }

  /// The first statement of each transaction sets the limits.
  void transact(Mode mode, const Work& work, Watchdog& watchdog, milliseconds limit) {
    pqxx::work transaction(pqxx_);
    Transaction statements(&transaction, watchdog);
    const std::string statement_limit = std::to_string(limit.count());
    statements.execute(mode == Mode::read ? settings_of_reader(statement_limit, schema_)
                                          : settings_of_writer(statement_limit, schema_));
    work(statements);
    watchdog.progress();
    if (mode == Mode::rehearse)
      transaction.abort();
    else
      transaction.commit();
  }

 private:
  pqxx::connection pqxx_;
  const std::string schema_;
};

Database::Database(DatabaseSettings settings, OnConnected on_connected)
    : settings_(std::move(settings)),
      on_connected_(std::move(on_connected)),
      watchdog_(std::make_unique<Watchdog>()) {}

Database::~Database() = default;

std::optional<Failure> Database::transact(const Work& work, std::optional<milliseconds> silence_limit) {
  return run(Mode::write, work, silence_limit.value_or(settings_.silence_limit));
}

std::optional<Failure> Database::read(const Work& work) {
  return run(Mode::read, work, settings_.silence_limit);
}

std::optional<Failure> Database::rehearse(const Work& work) {
  return run(Mode::rehearse, work, settings_.silence_limit);
}

std::optional<Failure> Database::run(Mode mode, const Work& work, milliseconds limit) {
  if (connection_) {
    Attempt attempt = carry_out(mode, work, limit, is_being_made_ready_ ? limit : idle_answer_limit);
    if (!attempt.failure || attempt.has_begun || is_being_made_ready_) return attempt.failure;
    log::info("the connection to PostgreSQL had ended while it was idle; connecting again",
              {{"sqlstate", attempt.failure->sqlstate}, {"reason", attempt.failure->message}});
  } else if (is_being_made_ready_) {
    return connection_lost;
  }
  if (auto failure = connect()) return failure;
  return carry_out(mode, work, limit, limit).failure;
}

std::optional<Failure> Database::connect() {
  try {
    connection_ = std::make_unique<Connection>(settings_);
    if (!on_connected_) return std::nullopt;
    is_being_made_ready_ = true;
    auto failure = on_connected_(*this);
    is_being_made_ready_ = false;
    if (!failure && !connection_) failure = connection_lost;
    if (failure) connection_.reset();
    return failure;
  } catch (const std::exception&) {
    is_being_made_ready_ = false;
    connection_.reset();
    return explain_connection_failure(describe_exception());
  }
}

Database::Attempt Database::carry_out(Mode mode, const Work& work, milliseconds limit,
                                      milliseconds first_limit) {
  Attempt attempt;
  milliseconds watched = std::min(limit, first_limit);
  watchdog_->watch(connection_->socket(), watched);
  try {
    connection_->transact(
        mode,
        [&](Transaction& transaction) {
          attempt.has_begun = true;
          watched = limit;
          watchdog_->watch(connection_->socket(), watched);
          work(transaction);
        },
        *watchdog_, limit);
  } catch (const std::exception&) {
    attempt.failure = describe_exception();
  }
  const bool was_silent = watchdog_->release();
  if (!attempt.failure) return attempt;
  if (was_silent) {
    attempt.failure->message =
        "PostgreSQL was silent for " + std::to_string(watched.count()) + " ms, the connection was cut";
  }
  connection_.reset();
  return attempt;
}

}  // namespace chat::postgres

#ifdef __SANITIZE_ADDRESS__
/// libpqxx 6 loses the result in hand where it throws for a lost connection: 2 KiB each time.
extern "C" const char* __lsan_default_suppressions();   // NOLINT
extern "C" const char* __lsan_default_suppressions() {  // NOLINT
  return "leak:libpqxx-6";
}
#endif
