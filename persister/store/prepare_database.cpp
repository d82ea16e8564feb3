#include "persister/store/prepare_database.hpp"

#include <string>

#include "common/log/log.hpp"
#include "common/postgres/server_check.hpp"
#include "persister/migrations/migrate.hpp"

namespace chat::persister {
namespace {

using postgres::Failure;
using postgres::Transaction;

// With a collation that calls different rooms or texts equal, rows would be taken for duplicates.
const std::string loose_columns_statement =
    "SELECT string_agg(attname, ', ' ORDER BY attnum) FROM pg_catalog.pg_attribute "
    "JOIN pg_catalog.pg_type ON pg_type.oid = atttypid "
    "LEFT JOIN pg_catalog.pg_collation ON pg_collation.oid = attcollation "
    "WHERE attrelid IN ('messages'::regclass, 'void_numbers'::regclass, 'room_floors'::regclass) AND attname "
    "IN ('room', 'text') "
    "AND NOT attisdropped AND (NOT coalesce(collisdeterministic, true) "
    "OR 'citext' IN (typname, CASE WHEN typtype = 'd' THEN typbasetype::regtype::text END))";

// A newer C library may sort otherwise than the one that the indexes were built with.
const std::string has_versions_statement =
    "SELECT to_regprocedure('pg_database_collation_actual_version(oid)') IS NOT NULL";
const std::string versions_statement =
    "SELECT datcollversion, pg_database_collation_actual_version(oid) FROM pg_catalog.pg_database "
    "WHERE datname = current_database() AND datcollversion <> pg_database_collation_actual_version(oid)";

void warn_of_collation(Transaction& transaction) {
  if (transaction.execute(has_versions_statement).rows.at(0).at(0) != "t") return;
  for (const auto& row : transaction.execute(versions_statement).rows)
    log::warning(
        "the database's collation is of another version than its indexes, which may not find the rows that "
        "they have; run REINDEX DATABASE, then ALTER DATABASE … REFRESH COLLATION VERSION",
        {{"index_version", row.at(0).value_or("")}, {"version", row.at(1).value_or("")}});
}

std::optional<Failure> check_tables(postgres::Database& database) {
  std::optional<std::string> loose;
  auto failure = database.read([&](Transaction& transaction) {
    loose = transaction.execute(loose_columns_statement).rows.at(0).at(0);
    warn_of_collation(transaction);
  });
  if (failure || !loose) return failure;
  return Failure{postgres::Response::alarm,
                 {},
                 "of the tables' columns " + *loose + " take different texts for the same",
                 "collation",
                 "give these columns the type text and a deterministic collation"};
}

}  // namespace

std::optional<Failure> prepare_database(postgres::Database& database) {
  if (auto failure = check_server(database, postgres::Use::write)) return failure;
  if (auto failure = migrate(database, embedded_migrations())) return failure;
  return check_tables(database);
}

}  // namespace chat::persister
