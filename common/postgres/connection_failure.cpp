#include "common/postgres/connection_failure.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

namespace chat::postgres {
namespace {

struct Sign {
  std::string_view text;
  std::string_view cause;
  std::string_view remedy;
};

constexpr std::string_view login_remedy =
    "correct user, password and database in DATABASE_URL, or let the user in (pg_hba.conf)";
constexpr std::string_view wait_remedy = "wait until PostgreSQL has started, or its standby is promoted";
constexpr std::string_view full_remedy = "raise max_connections, or put a pooler in front of PostgreSQL";
constexpr std::string_view authority_remedy =
    "let sslrootcert in DATABASE_URL name the file of the server's CA in PEM";
constexpr std::string_view tls_remedy =
    "check sslmode and sslrootcert in DATABASE_URL, and that the server speaks TLS";

/// The first that fits. What the server says comes first: pg_hba.conf's refusal speaks of SSL too.
constexpr Sign signs[] = {
    {"pg_hba.conf", "login", login_remedy},
    {"authentication failed", "login", login_remedy},
    {"no password supplied", "login", login_remedy},
    {"is not permitted to log in", "login", login_remedy},
    {"permission denied for database", "login", login_remedy},
    {"does not exist", "login", login_remedy},
    {"no such user", "login", login_remedy},
    {"no such database", "login", login_remedy},
    {"database system is starting up", "starting", wait_remedy},
    {"database system is not yet accepting", "starting", wait_remedy},
    {"database system is in recovery", "starting", wait_remedy},
    {"too many", "connections", full_remedy},
    {"remaining connection slots", "connections", full_remedy},
    {"no more connections allowed", "connections", full_remedy},
    {"does not match host name", "tls", "name the host in DATABASE_URL as the certificate does"},
    {"certificate verify failed", "tls", authority_remedy},
    {"root certificate file", "tls", authority_remedy},
    {"certificate", "tls", tls_remedy},
    {"SSL", "tls", tls_remedy},
};

bool fits(const Sign& sign, std::string_view message) {
  const bool is_server = message.find("FATAL:") != std::string_view::npos;
  // A file that does not exist, named by libpq itself.
  if (sign.text == "does not exist" && !is_server) return false;
  return message.find(sign.text) != std::string_view::npos;
}

}  // namespace

Failure explain_connection_failure(Failure failure) {
  const auto found =
      std::ranges::find_if(signs, [&](const Sign& sign) { return fits(sign, failure.message); });
  if (found == std::end(signs) || !failure.sqlstate.empty() || !failure.cause.empty()) return failure;
  failure.cause = found->cause;
  failure.remedy = found->remedy;
  return failure;
}

}  // namespace chat::postgres
