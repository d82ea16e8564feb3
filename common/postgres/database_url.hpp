// DATABASE_URL taken apart: its parameters, and which of them libpq does not know.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.hpp"

namespace chat::postgres {

struct DatabaseUrl {
  std::string connection;  // what libpq is given: the URL without `schema`
  std::string schema;      // Prisma's parameter, percent-decoded; empty where the URL has none
};

/// The length of the scheme with its "://", 0 where it is not one of PostgreSQL's.
std::size_t scheme_length(std::string_view url);

/// Where the ? before the parameters is. One may stand in the password, which ends at the first @ or / as
/// libpq reads it.
std::size_t parameters_begin(std::string_view url);

/// The error is the rest of a sentence that begins with the setting's name, and never shows the URL.
Result<DatabaseUrl> parse_database_url(std::string_view url);

}  // namespace chat::postgres
