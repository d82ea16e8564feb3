#include "common/postgres/connection_failure.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chat::postgres {
namespace {

using ::testing::HasSubstr;

Trouble told(const std::string& message) {
  return trouble_of(explain_connection_failure({Response::pause, {}, message}));
}

TEST(ConnectionFailure, HasTheCauseThatItsMessageShows) {
  const std::string at = R"(connection to server at "db" (10.0.0.1), port 5432 failed: )";
  for (const auto& [message, cause] : std::vector<std::pair<std::string, std::string>>{
           {"FATAL:  password authentication failed for user \"chat\"", "login"},
           {"FATAL:  no pg_hba.conf entry for host \"10.0.0.2\", user \"chat\", database \"chat\", SSL "
            "encryption",
            "login"},
           {"FATAL:  database \"chat\" does not exist", "login"},
           {"FATAL:  role \"certificate\" does not exist", "login"},
           {"FATAL:  permission denied for database \"chat\"", "login"},
           {"fe_sendauth: no password supplied", "login"},
           {"FATAL:  the database system is starting up", "starting"},
           {"FATAL:  sorry, too many clients already", "connections"},
           {"FATAL:  no more connections allowed (max_client_conn)", "connections"},
           {"SSL error: certificate verify failed", "tls"},
           {"server certificate for \"db\" does not match host name \"10.0.0.1\"", "tls"},
           {"root certificate file \"/ca.pem\" does not exist", "tls"},
           {"server does not support SSL, but SSL was required", "tls"},
           {"Connection refused", "unreachable"},
           {"FATAL:  ein Fehler in einer anderen Sprache", "unreachable"}}) {
    EXPECT_EQ(told(at + message).cause, cause) << message;
    EXPECT_EQ(told(at + message).reason, at + message);
  }
}

TEST(ConnectionFailure, SaysWhatToDo) {
  EXPECT_THAT(told("FATAL:  password authentication failed for user \"chat\"").remedy,
              HasSubstr("DATABASE_URL"));
  EXPECT_THAT(told("SSL error: certificate verify failed").remedy, HasSubstr("sslrootcert"));
  EXPECT_THAT(told("server certificate for \"db\" does not match host name \"x\"").remedy, HasSubstr("host"));
}

TEST(ConnectionFailure, LeavesAFailureThatIsExplainedAsItIs) {
  EXPECT_EQ(explain_connection_failure({Response::alarm, {}, "SSL", "encoding", "r"}).cause, "encoding");
  EXPECT_EQ(explain_connection_failure({Response::alarm, "28P01", "SSL"}).cause, "");
}

}  // namespace
}  // namespace chat::postgres
