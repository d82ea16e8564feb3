#include "common/postgres/server_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/postgres_server.hpp"

namespace chat::postgres {
namespace {

using test::PostgresServer;

const ServerFacts well{150'018, "UTF8", "UTF8", false, false};

std::string cause_of(const ServerFacts& facts, Use use) {
  const auto failure = judge(facts, use);
  if (!failure) return "";
  EXPECT_EQ(failure->response, Response::alarm);
  EXPECT_NE(failure->message, "");
  EXPECT_NE(failure->remedy, "");
  return failure->cause;
}

TEST(Judge, AcceptsWhatHoldsTheMessages) {
  EXPECT_EQ(cause_of(well, Use::write), "");
  ServerFacts bytes = well;
  bytes.server_encoding = "SQL_ASCII";
  EXPECT_EQ(cause_of(bytes, Use::write), "");
}

TEST(Judge, NamesWhatIsUnfit) {
  ServerFacts facts = well;
  facts.version = 110'022;
  EXPECT_EQ(cause_of(facts, Use::read), "version");
  facts = well;
  facts.server_encoding = "LATIN1";
  EXPECT_EQ(cause_of(facts, Use::read), "encoding");
  facts = well;
  facts.client_encoding = "LATIN1";
  EXPECT_EQ(cause_of(facts, Use::write), "encoding");
}

TEST(Judge, LetsAStandbyBeReadOnly) {
  ServerFacts facts = well;
  facts.is_standby = true;
  EXPECT_EQ(cause_of(facts, Use::read), "");
  EXPECT_EQ(cause_of(facts, Use::write), "read_only");
  facts = well;
  facts.is_read_only = true;
  EXPECT_EQ(cause_of(facts, Use::read), "");
  EXPECT_EQ(cause_of(facts, Use::write), "read_only");
}

TEST(CheckServer, AsksTheServer) {
  DatabaseSettings settings;
  settings.url = PostgresServer::running().new_database();
  Database fit(settings);
  EXPECT_FALSE(check_server(fit, Use::write));
  settings.url = PostgresServer::running().new_database(
      "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
  Database unfit(settings);
  const auto failure = check_server(unfit, Use::read);
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->cause, "encoding");
}

TEST(TroubleOf, NamesTheCauseAndTheRemedy) {
  const struct {
    Failure failure;
    const char* cause;
  } cases[] = {
      {{Response::pause, "", "could not connect"}, "unreachable"},
      {{Response::pause, "57P01", "terminated"}, "unreachable"},
      {{Response::pause, "57P03", "starting up"}, "starting"},
      {{Response::pause, "57014", "statement timeout"}, "slow"},
      {{Response::alarm, "53100", "disk full"}, "no_space"},
      {{Response::pause, "53300", "too many clients"}, "connections"},
      {{Response::alarm, "42501", "permission denied"}, "privilege"},
      {{Response::alarm, "42P01", "no such table"}, "schema"},
      {{Response::alarm, "42703", "no such column"}, "schema"},
      {{Response::alarm, "25006", "read-only"}, "read_only"},
      {{Response::alarm, "28P01", "password"}, "login"},
      {{Response::alarm, "XX001", "corrupted"}, "server"},
      {{Response::poison, "P0001", "no"}, "refused_rows"},
      {{Response::alarm, "", "unfit", "encoding", "make another"}, "encoding"},
  };
  for (const auto& [failure, cause] : cases) {
    const Trouble trouble = trouble_of(failure);
    EXPECT_EQ(trouble.cause, cause) << failure.sqlstate;
    EXPECT_THAT(trouble.reason, ::testing::HasSubstr(failure.message));
    EXPECT_NE(trouble.remedy, "") << failure.sqlstate;
  }
}

}  // namespace
}  // namespace chat::postgres
