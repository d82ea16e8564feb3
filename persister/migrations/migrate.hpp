// Migrates the database's tables to what this program needs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/postgres/database.hpp"

namespace chat::persister {

/// One numbered step; `sql` may hold several statements and runs in one transaction with its note. Where the
/// last one selects a text, the log gets it.
struct Migration {
  int number = 0;  // dense from 0, which is for what has to come before the first table
  std::string name;
  std::string sql;
};

/// The files of this folder in the order of their numbers.
const std::vector<Migration>& embedded_migrations();

/// Applies what `schema_migrations` does not list yet, each in a transaction of its own under an advisory
/// lock, so that several persisters may start at once. Where all are applied, the user needs no right but
/// SELECT. A response other than pause or retry means that an operator must act; the message then names the
/// migration.
std::optional<postgres::Failure> migrate(postgres::Database& database,
                                         const std::vector<Migration>& migrations);

}  // namespace chat::persister
