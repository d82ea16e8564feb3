#include "common/config/service_settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/config/redis_url.hpp"

namespace chat::config {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Service {
  RedisSettings redis;
  KafkaSettings kafka;
  AdminSettings admin;
  LogSettings log;

  Outcome parse(const Environment& environment) {
    SettingsTable table("chat-sample", "1.2.3", "A sample.", {"REDIS_", "KAFKA_"});
    add_redis_settings(table, redis);
    add_kafka_settings(table, kafka);
    add_admin_settings(table, admin);
    add_log_settings(table, log);
    return table.parse({}, environment);
  }
};

void expect_error(const Environment& environment, const std::string& part) {
  const Outcome outcome = Service().parse(environment);
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.output, HasSubstr(part));
}

TEST(ServiceSettings, HaveTheDefaultsOfTheDesign) {
  Service service;
  const Outcome outcome = service.parse({});
  ASSERT_EQ(outcome.action, Outcome::Action::run) << outcome.output;
  EXPECT_EQ(outcome.effective.at("REDIS_HOST"), "127.0.0.1");
  EXPECT_EQ(outcome.effective.at("REDIS_PORT"), "6379");
  EXPECT_EQ(outcome.effective.at("KAFKA_TOPIC"), "MESSAGES");
  EXPECT_EQ(outcome.effective.at("KAFKA_PARTITIONS"), "8");
  EXPECT_EQ(outcome.effective.at("KAFKA_SASL_MECHANISM"), "PLAIN");
  EXPECT_EQ(outcome.effective.at("ADMIN_ADDRESS"), "127.0.0.1");
  EXPECT_EQ(service.kafka.dead_letter_topic(), "MESSAGES.dead");
  EXPECT_EQ(service.kafka.group, "message-consumer-group");
  EXPECT_EQ(service.kafka.replay_group(), "message-consumer-group-replay");
  EXPECT_EQ(service.log.least(), log::Level::info);
}

TEST(RedisSettings, AreTakenFromTheUrlWhenOneIsSet) {
  Service service;
  const Outcome outcome = service.parse({{"REDIS_URLS", "redis://gw:geheim@redis:6380/3"},
                                         {"REDIS_HOST", "other"},
                                         {"REDIS_PASSWORD", "other"}});
  ASSERT_EQ(outcome.action, Outcome::Action::run) << outcome.output;
  EXPECT_EQ(service.redis.host, "redis");
  EXPECT_EQ(service.redis.port, 6380);
  EXPECT_EQ(service.redis.username, "gw");
  EXPECT_EQ(service.redis.password, "geheim");
  EXPECT_EQ(service.redis.database, 3);
  EXPECT_EQ(outcome.effective.at("REDIS_URLS"), "redis://gw:***@redis:6380/3");
  EXPECT_EQ(outcome.effective.at("REDIS_PASSWORD"), "***");
}

TEST(RedisSettings, AreTakenFromThePartsWithoutAUrl) {
  Service service;
  ASSERT_EQ(service
                .parse({{"REDIS_HOST", "redis"},
                        {"REDIS_PORT", "6380"},
                        {"REDIS_PASSWORD", "geheim"},
                        {"REDIS_DB", "2"},
                        {"REDIS_PREFIX", "test:"}})
                .action,
            Outcome::Action::run);
  EXPECT_EQ(service.redis.host, "redis");
  EXPECT_EQ(service.redis.port, 6380);
  EXPECT_EQ(service.redis.password, "geheim");
  EXPECT_EQ(service.redis.database, 2);
  EXPECT_EQ(service.redis.prefix, "test:");
}

TEST(RedisSettings, RefuseWhatIsNotSupported) {
  expect_error({{"REDIS_URLS", "redis://a:1,redis://b:1"}}, "REDIS_URLS has more than one URL");
  expect_error({{"REDIS_URLS", "redis://a:1"}, {"REDIS_CA_FILE", "/proc/self/stat"}},
               "REDIS_CA_FILE is set, but");
  expect_error({{"REDIS_CA_FILE", "/proc/self/stat"}}, "REDIS_CA_FILE is set without TLS");
  expect_error({{"REDIS_PREFIX", "{a}"}}, "REDIS_PREFIX \"{a}\" is not a prefix; use up to 64 of");
  EXPECT_THAT(Service().parse({{"REDIS_URLS", "redis://:geheim@"}}).output, Not(HasSubstr("geheim")));
}

TEST(RedisSettings, RefuseAPrefixThatKeysCannotHave) {
  for (const char* prefix : {"a b", "a*", "a{", "}", "a\nb", "ä"})
    expect_error({{"REDIS_PREFIX", prefix}}, "\" is not a prefix; use up to 64 of A-Z a-z 0-9 . _ - : /");
  expect_error({{"REDIS_PREFIX", std::string(65, 'p')}}, "is not a prefix");
  for (const std::string& prefix :
       {std::string("staging:"), std::string("team/eu-1_a."), std::string(64, 'p')})
    EXPECT_EQ(Service().parse({{"REDIS_PREFIX", prefix}}).action, Outcome::Action::run);
}

TEST(RedisSettings, TakeTlsWhereItIsBuiltInAndElseNameAWay) {
  Service service;
  const auto outcome = service.parse({{"REDIS_URLS", "rediss://gw:geheim@redis:6380/3"}});
  if (has_redis_tls) {
    ASSERT_EQ(outcome.action, Outcome::Action::run) << outcome.output;
    EXPECT_TRUE(service.redis.tls);
    EXPECT_EQ(service.redis.host, "redis");
    expect_error({{"REDIS_URLS", "rediss://a"}, {"REDIS_CA_FILE", "/nonexistent"}},
                 "REDIS_CA_FILE \"/nonexistent\" cannot be read");
  } else {
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(outcome.output, HasSubstr("REDIS_URLS asks for TLS"));
    EXPECT_THAT(outcome.output, HasSubstr("stunnel"));
  }
}

TEST(KafkaSettings, NeedUserAndPasswordOrNeither) {
  expect_error({{"KAFKA_USERNAME", "u"}}, "KAFKA_USERNAME is set without KAFKA_PASSWORD");
  expect_error({{"KAFKA_PASSWORD", "p"}}, "KAFKA_PASSWORD is set without KAFKA_USERNAME");
  EXPECT_EQ(Service().parse({{"KAFKA_USERNAME", "u"}, {"KAFKA_PASSWORD", "p"}}).action, Outcome::Action::run);
}

TEST(KafkaSettings, RefuseACaFileThatCannotBeRead) {
  expect_error({{"KAFKA_CA_FILE", "/nonexistent/ca.pem"}},
               "KAFKA_CA_FILE \"/nonexistent/ca.pem\" cannot be read");
  expect_error({{"KAFKA_CA_FILE", "/"}}, "KAFKA_CA_FILE \"/\" cannot be read");
  EXPECT_EQ(Service().parse({{"KAFKA_CA_FILE", "/proc/self/stat"}}).action, Outcome::Action::run);
}

TEST(KafkaSettings, RefuseNamesThatKafkaWould) {
  expect_error({{"KAFKA_TOPIC", "two words"}}, "KAFKA_TOPIC \"two words\" is not a topic name");
  expect_error({{"KAFKA_TOPIC", ".."}}, "is not a topic name");
  expect_error({{"KAFKA_TOPIC", std::string(245, 't')}}, "is not a topic name");
  EXPECT_EQ(Service().parse({{"KAFKA_TOPIC", std::string(244, 't')}}).action, Outcome::Action::run);
  expect_error({{"KAFKA_GROUP", "two words"}}, "KAFKA_GROUP \"two words\" is not a group name");
  expect_error({{"KAFKA_GROUP", std::string(201, 'g')}}, "is not a group name");
  EXPECT_EQ(Service().parse({{"KAFKA_GROUP", "staging.persisters-1"}}).action, Outcome::Action::run);
  expect_error({{"KAFKA_BROKER", " , "}}, "KAFKA_BROKER is empty");
  expect_error({{"KAFKA_SASL_MECHANISM", "MAGIC"}}, "is none of PLAIN");
}

TEST(ServiceSettings, TellTheFaultsOfAllPartsAtOnce) {
  const Outcome outcome = Service().parse({{"REDIS_PORT", "x"},
                                           {"REDIS_PREFIX", "{"},
                                           {"KAFKA_USERNAME", "u"},
                                           {"KAFKA_CA_FILE", "/nonexistent"},
                                           {"ADMIN_PORT", "70000"},
                                           {"LOG_LEVEL", "loud"}});
  for (const char* part :
       {"REDIS_PORT", "REDIS_PREFIX", "KAFKA_PASSWORD", "KAFKA_CA_FILE", "ADMIN_PORT", "LOG_LEVEL"})
    EXPECT_THAT(outcome.output, HasSubstr(part));
}

TEST(LogSettings, NameTheLevels) {
  for (const auto& [text, level] : std::map<std::string, log::Level>{{"debug", log::Level::debug},
                                                                     {"info", log::Level::info},
                                                                     {"warning", log::Level::warning},
                                                                     {"error", log::Level::error}}) {
    Service service;
    service.parse({{"LOG_LEVEL", text}});
    EXPECT_EQ(service.log.least(), level);
  }
}

}  // namespace
}  // namespace chat::config
