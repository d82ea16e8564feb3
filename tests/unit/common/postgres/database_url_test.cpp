#include "common/postgres/database_url.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chat::postgres {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

DatabaseUrl parsed(const std::string& url) {
  const auto result = parse_database_url(url);
  EXPECT_TRUE(result) << result.error().message;
  return result ? *result : DatabaseUrl{};
}

std::string refusal(const std::string& url) {
  const auto result = parse_database_url(url);
  EXPECT_FALSE(result) << url;
  return result ? "" : result.error().message;
}

TEST(DatabaseUrl, StaysAsItIsWhereLibpqKnowsAllParameters) {
  for (const std::string url :
       {"postgresql://chat:x@db/chat", "postgres://chat@db", "postgresql:///chat?host=/run/postgresql",
        "postgresql://chat:wh?t@db/chat?sslmode=verify-full&sslrootcert=/etc/ca%20file.pem",
        "postgresql://chat:x@one:5432,two:5433/chat?target_session_attrs=read-write",
        "postgresql://chat@db/chat?ssl=true&options=-c%20work_mem%3D1MB"}) {
    EXPECT_EQ(parsed(url).connection, url);
    EXPECT_EQ(parsed(url).schema, "");
  }
}

TEST(DatabaseUrl, GivesTheSchemaOfPrisma) {
  const auto url = parsed("postgresql://chat:x@db/chat?schema=public");
  EXPECT_EQ(url.connection, "postgresql://chat:x@db/chat");
  EXPECT_EQ(url.schema, "public");
}

TEST(DatabaseUrl, KeepsTheParametersAroundTheSchemaInTheirOrder) {
  const auto url = parsed("postgresql://chat@db/chat?sslmode=require&schema=a%20%22b%22&connect_timeout=3");
  EXPECT_EQ(url.connection, "postgresql://chat@db/chat?sslmode=require&connect_timeout=3");
  EXPECT_EQ(url.schema, "a \"b\"");
}

TEST(DatabaseUrl, WithAnEmptySchemaIsRefused) {
  EXPECT_THAT(refusal("postgresql://chat@db/chat?schema="), HasSubstr("schema"));
  EXPECT_THAT(refusal("postgresql://chat@db/chat?schema=%0"), HasSubstr("schema"));
}

TEST(DatabaseUrl, WithAParameterOfAnotherProgramSaysWhichAndWhatToDo) {
  for (const std::string name :
       {"pgbouncer", "connection_limit", "pool_timeout", "sslaccept", "sslidentity"}) {
    const auto said = refusal("postgresql://chat:hunter2@db/chat?sslmode=require&" + name + "=1");
    EXPECT_THAT(said, HasSubstr("has the parameter \"" + name + "\", which is another program's"));
    EXPECT_THAT(said, Not(HasSubstr("hunter2")));
  }
  EXPECT_THAT(refusal("postgresql://chat@db/chat?sslaccept=strict"), HasSubstr("sslmode=verify-full"));
  EXPECT_THAT(refusal("postgresql://chat@db/chat?sslmod=require"),
              HasSubstr("has the parameter \"sslmod\", which libpq does not know"));
}

TEST(DatabaseUrl, ThatLibpqCannotReadIsNotShown) {
  for (const std::string url : {"postgresql://chat:hunt%zzer2@db/chat", "postgresql://chat:hunter2@[db/chat",
                                "mysql://chat:hunter2@db/chat", "postgresql://chat:hunter2@db/chat?sslmode"})
    EXPECT_THAT(refusal(url), Not(HasSubstr("hunter2"))) << url;
}

}  // namespace
}  // namespace chat::postgres
