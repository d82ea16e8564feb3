#include "common/postgres/database_settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chat::postgres {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

config::Outcome parse(DatabaseSettings& settings, bool required, const config::Environment& environment) {
  config::SettingsTable table("program", "1", "A program.", {});
  add_database_settings(table, settings, required);
  return table.parse({}, environment);
}

TEST(DatabaseSettings, TakesTheUrlAndHidesItsPassword) {
  DatabaseSettings settings;
  const auto outcome = parse(settings, true, {{"DATABASE_URL", "postgres://chat:hunter2@db/chat"}});
  EXPECT_EQ(outcome.action, config::Outcome::Action::run);
  EXPECT_EQ(settings.url, "postgres://chat:hunter2@db/chat");
  EXPECT_EQ(outcome.effective.at("DATABASE_URL"), "postgres://chat:***@db/chat");
}

TEST(DatabaseSettings, RefusesAMissingUrlOnlyWhereItIsRequired) {
  DatabaseSettings settings;
  const auto outcome = parse(settings, true, {});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.output, HasSubstr("DATABASE_URL is missing"));
  EXPECT_EQ(parse(settings, false, {}).action, config::Outcome::Action::run);
}

TEST(DatabaseSettings, RefusesAnotherKindOfUrlWithoutShowingIt) {
  DatabaseSettings settings;
  const auto outcome = parse(settings, true, {{"DATABASE_URL", "mysql://chat:hunter2@db/chat"}});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.output, HasSubstr("does not begin with postgresql://"));
  EXPECT_THAT(outcome.output, Not(HasSubstr("hunter2")));
}

TEST(DatabaseSettings, TakesTheSchemaOutOfTheUrl) {
  DatabaseSettings settings;
  const auto outcome =
      parse(settings, true, {{"DATABASE_URL", "postgresql://chat:x@db/chat?schema=talk&sslmode=require"}});
  ASSERT_EQ(outcome.action, config::Outcome::Action::run) << outcome.output;
  EXPECT_EQ(settings.url, "postgresql://chat:x@db/chat?sslmode=require");
  EXPECT_EQ(settings.schema, "talk");
}

TEST(DatabaseSettings, RefusesAParameterThatLibpqDoesNotKnow) {
  DatabaseSettings settings;
  const auto outcome =
      parse(settings, true, {{"DATABASE_URL", "postgresql://chat:hunter2@db/chat?pgbouncer=true"}});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.output, StartsWith("DATABASE_URL has the parameter \"pgbouncer\""));
  EXPECT_THAT(outcome.output, Not(HasSubstr("hunter2")));
}

std::string connection_url_of(const char* url) {
  DatabaseSettings settings;
  settings.url = url;
  return connection_url(settings);
}

TEST(ConnectionUrl, GetsOurDefaults) {
  const auto url = connection_url_of("postgresql://chat:x@db:5432/chat");
  EXPECT_THAT(
      url,
      StartsWith(
          "postgresql://chat:x@db:5432/chat?connect_timeout=5&tcp_user_timeout=10000&keepalives_idle=30&"));
}

TEST(ConnectionUrl, LetsItsOwnParametersWinByComingLast) {
  EXPECT_THAT(connection_url_of("postgresql://chat@db/chat?connect_timeout=2"),
              EndsWith("&connect_timeout=2&client_encoding=UTF8"));
}

TEST(ConnectionUrl, IsOfUtf8WhateverItSays) {
  EXPECT_THAT(connection_url_of("postgresql://chat@db/chat?client_encoding=LATIN1"),
              EndsWith("&client_encoding=LATIN1&client_encoding=UTF8"));
}

TEST(ConnectionUrl, TakesAQuestionMarkInThePasswordForWhatItIs) {
  const auto url = connection_url_of("postgresql://chat:wh?t@db/chat?sslmode=require");
  EXPECT_THAT(url, StartsWith("postgresql://chat:wh?t@db/chat?connect_timeout"));
  EXPECT_THAT(url, EndsWith("&sslmode=require&client_encoding=UTF8"));
}

}  // namespace
}  // namespace chat::postgres
