#include "persister/app/persister_settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chat::persister {
namespace {

using std::chrono::seconds;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

class PersisterSettingsTest : public ::testing::Test {
 protected:
  config::Outcome parse(config::Environment environment, const std::vector<std::string>& arguments = {}) {
    environment.emplace("DATABASE_URL", "postgresql://chat:hunter2@db/chat");
    return persister_settings_table(settings_, "1.2.3").parse(arguments, environment);
  }

  PersisterSettings settings_;
};

TEST_F(PersisterSettingsTest, PausesFor60SecondsByDefault) {
  EXPECT_EQ(parse({}).effective.at("PERSISTER_PAUSE_SECONDS"), "60");
  EXPECT_EQ(settings_.pipeline().pause, seconds{60});
}

TEST_F(PersisterSettingsTest, TakesThePauseFromTheEnvironment) {
  ASSERT_EQ(parse({{"PERSISTER_PAUSE_SECONDS", "2"}}).action, config::Outcome::Action::run);
  EXPECT_EQ(settings_.pipeline().pause, seconds{2});
}

TEST_F(PersisterSettingsTest, GivesTheBatchItsBounds) {
  const std::vector<std::string> arguments = {"--batch-max-records", "7",   "--batch-max-kib", "3",
                                              "--batch-age",         "0.25"};
  ASSERT_EQ(parse({}, arguments).action, config::Outcome::Action::run);
  EXPECT_EQ(settings_.pipeline().batch.records, 7u);
  EXPECT_EQ(settings_.pipeline().batch.bytes, 3u * 1024);
  EXPECT_EQ(settings_.pipeline().batch.age, std::chrono::milliseconds{250});
}

TEST_F(PersisterSettingsTest, CollectsAllErrors) {
  const auto outcome = parse({{"DATABASE_URL", ""},
                              {"PERSISTER_PAUSE_SECONDS", "soon"},
                              {"PERSISTER_ID", "no spaces"},
                              {"ADMIN_PORT", "99999"}});
  EXPECT_EQ(outcome.exit_code, 2);
  for (const char* name : {"DATABASE_URL", "PERSISTER_PAUSE_SECONDS", "PERSISTER_ID", "ADMIN_PORT"})
    EXPECT_THAT(outcome.output, HasSubstr(name));
}

TEST_F(PersisterSettingsTest, ShowsNoPassword) {
  for (const auto& [name, value] : parse({{"KAFKA_PASSWORD", "hunter3"}, {"KAFKA_USERNAME", "u"}}).effective)
    EXPECT_THAT(value, Not(HasSubstr("hunter"))) << name;
}

TEST_F(PersisterSettingsTest, TakesRedisFromItsUrlAndWarnsOfMisspeltNames) {
  const auto outcome = parse({{"REDIS_URLS", "redis://u:hunter4@cache:7000/2"}, {"REDIS_PASWORD", "x"}});
  ASSERT_EQ(outcome.action, config::Outcome::Action::run) << outcome.output;
  EXPECT_EQ(settings_.redis.host, "cache");
  EXPECT_EQ(settings_.redis.port, 7000);
  EXPECT_EQ(settings_.redis.database, 2);
  EXPECT_THAT(outcome.warnings, Contains(HasSubstr("REDIS_PASWORD")));
}

TEST_F(PersisterSettingsTest, ListensForItsAdministratorOnPort9101) {
  EXPECT_EQ(settings_.admin.port, 9101);
}

}  // namespace
}  // namespace chat::persister
