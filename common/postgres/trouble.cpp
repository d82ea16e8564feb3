// What a failure's cause is called, and what to do about it.
#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include "common/postgres/failure.hpp"

namespace chat::postgres {
namespace {

struct Advice {
  std::string_view state;  // a SQLSTATE, or its first two letters
  std::string_view cause;
  std::string_view remedy;
};

constexpr std::string_view see_url = "check that PostgreSQL runs and that DATABASE_URL leads to it";

/// The first that fits.
constexpr Advice advices[] = {
    {"53100", "no_space", "make room on the disk of PostgreSQL"},
    {"53300", "connections", "raise max_connections, or put a pooler in front of PostgreSQL"},
    {"53", "resources", "give PostgreSQL what its message says it lacks"},
    {"57P03", "starting", "wait until PostgreSQL has started, or its standby is promoted"},
    {"57014", "slow", "see what keeps PostgreSQL busy or holds locks (pg_stat_activity)"},
    {"55P03", "locked", "see who holds the lock (pg_stat_activity)"},
    {"57", "unreachable", see_url},
    {"08", "unreachable", see_url},
    {"25006", "read_only", "let DATABASE_URL lead to the primary, and to a database that may be written"},
    {"42501", "privilege",
     "give the user of DATABASE_URL USAGE on the schema and SELECT, INSERT and UPDATE on messages, "
     "positions, "
     "void_numbers and schema_migrations; who migrates needs CREATE on the schema too, see deploy/README.md"},
    {"42P01", "schema",
     "let a chat-persister of this release start on this database, which makes the tables; check the "
     "search_path"},
    {"42", "schema",
     "let a chat-persister of this release start on this database, which migrates the tables; undo what else "
     "changed them"},
    {"3D", "login", "make the database that DATABASE_URL names, or correct it"},
    {"3F", "schema", "make the schema that the search_path names, or correct it"},
    {"28", "login", "correct the user and password in DATABASE_URL, or let the user in (pg_hba.conf)"},
    {"XX", "server", "look into PostgreSQL's log: it reports an error of its own or damaged data"},
};

constexpr Advice of_refused{"", "refused_rows", "correct the constraint, trigger or rule that refuses it"};
constexpr Advice of_lost{"", "unreachable", see_url};
constexpr Advice of_alarm{"", "server", "do what the message of PostgreSQL says, and look into its log"};

const Advice& advice_for(const Failure& failure) {
  const auto found = std::ranges::find_if(
      advices, [&](const Advice& advice) { return failure.sqlstate.starts_with(advice.state); });
  if (found != std::end(advices)) return *found;
  if (failure.response == Response::poison) return of_refused;
  return failure.response == Response::alarm ? of_alarm : of_lost;
}

}  // namespace

Trouble trouble_of(const Failure& failure) {
  const Advice& advice = advice_for(failure);
  std::string reason = failure.message.empty() ? "PostgreSQL failed" : failure.message;
  if (!failure.sqlstate.empty()) reason += " (SQLSTATE " + failure.sqlstate + ")";
  return {failure.cause.empty() ? std::string(advice.cause) : failure.cause, std::move(reason),
          failure.remedy.empty() ? std::string(advice.remedy) : failure.remedy};
}

}  // namespace chat::postgres
