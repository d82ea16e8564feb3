#include "persister/migrations/migrate.hpp"

#include <algorithm>
#include <chrono>
#include <set>

#include "common/log/log.hpp"

namespace chat::persister {
namespace {

using postgres::Database;
using postgres::Failure;
using postgres::Transaction;

// Any number that no other program uses on this database; "chat" in ASCII.
constexpr const char* lock_statement = "SELECT pg_advisory_xact_lock(1667785076)";

// An index over a large table takes its time, and so does waiting for another persister's migration.
constexpr std::chrono::minutes migration_limit{30};

// Not to_regclass: its cache of names does not see that another session made the table while this one waited
// for the advisory lock.
constexpr const char* table_statement =
    "SELECT count(*) FROM pg_catalog.pg_class WHERE relname = 'schema_migrations' AND "
    "pg_table_is_visible(oid)";

std::set<int> read_applied(Transaction& transaction) {
  std::set<int> applied;
  if (transaction.execute(table_statement).rows.at(0).at(0) == "0") return applied;
  for (const auto& row : transaction.execute("SELECT number FROM schema_migrations").rows) {
    applied.insert(std::stoi(row.at(0).value()));
  }
  return applied;
}

void note(Transaction& transaction, const Migration& migration) {
  transaction.execute(
      "CREATE TABLE IF NOT EXISTS schema_migrations (number int PRIMARY KEY, name text NOT NULL, "
      "applied_at timestamptz NOT NULL DEFAULT now())");
  transaction.execute("INSERT INTO schema_migrations (number, name) VALUES ($1::int, $2)",
                      {std::to_string(migration.number), migration.name});
}

/// What a migration's last statement selects, for the log.
std::string note_in(const postgres::Answer& answer) {
  if (answer.rows.empty() || answer.rows.front().empty()) return {};
  return answer.rows.front().front().value_or("");
}

void warn_of_newer(const std::set<int>& applied, const std::vector<Migration>& migrations) {
  const int known = migrations.empty() ? 0 : migrations.back().number;
  if (applied.empty() || *applied.rbegin() <= known) return;
  log::warning("the database was migrated by a newer release",
               {{"database_migration", *applied.rbegin()}, {"known_migration", known}});
}

/// Applies one migration unless another persister did meanwhile.
std::optional<Failure> apply(Database& database, const Migration& migration) {
  bool is_applied = false;
  std::string note_of_sql;
  auto failure = database.transact(
      [&](Transaction& transaction) {
        transaction.execute(lock_statement);
        if (read_applied(transaction).contains(migration.number)) return;
        note_of_sql = note_in(transaction.execute(migration.sql));
        note(transaction, migration);
        is_applied = true;
      },
      migration_limit);
  if (failure) {
    failure->message = "migration " + migration.name + " failed: " + failure->message;
  } else if (is_applied) {
    log::info("migration applied", {{"migration", migration.name}});
    if (!note_of_sql.empty()) log::info(note_of_sql, {{"migration", migration.name}});
  }
  return failure;
}

}  // namespace

std::optional<Failure> migrate(Database& database, const std::vector<Migration>& migrations) {
  std::set<int> applied;
  auto failure = database.transact([&](Transaction& transaction) { applied = read_applied(transaction); });
  if (failure) return failure;
  warn_of_newer(applied, migrations);
  for (const auto& migration : migrations) {
    if (applied.contains(migration.number)) continue;
    failure = apply(database, migration);
    if (failure) return failure;
  }
  return std::nullopt;
}

}  // namespace chat::persister
