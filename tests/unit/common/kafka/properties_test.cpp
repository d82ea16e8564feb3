#include "common/kafka/properties.hpp"

#include <algorithm>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chat::kafka {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Pair;

std::map<std::string, std::string> effective(const config::KafkaSettings& settings, Role role) {
  std::map<std::string, std::string> last;
  for (const auto& [name, value] : properties_for(settings, role, "me").value()) last[name] = value;
  return last;
}

TEST(KafkaProperties, a_producer_is_idempotent_and_never_gives_a_record_up) {
  const auto properties = effective({}, Role::producer);
  EXPECT_THAT(properties, Contains(Pair("enable.idempotence", "true")));
  EXPECT_THAT(properties, Contains(Pair("acks", "all")));
  EXPECT_THAT(properties, Contains(Pair("message.timeout.ms", "0")));
  EXPECT_THAT(properties, Contains(Pair("partitioner", "murmur2_random")));
}

TEST(KafkaProperties, I7_a_consumer_commits_nothing_by_itself_and_begins_at_the_earliest) {
  const auto properties = effective({}, Role::consumer);
  EXPECT_THAT(properties, Contains(Pair("enable.auto.commit", "false")));
  EXPECT_THAT(properties, Contains(Pair("enable.auto.offset.store", "false")));
  EXPECT_THAT(properties, Contains(Pair("auto.offset.reset", "earliest")));
  EXPECT_THAT(properties, Contains(Pair("partition.assignment.strategy", "range")));
  EXPECT_THAT(properties, Contains(Pair("session.timeout.ms", "10000")));
}

TEST(KafkaProperties, without_user_and_ca_the_connection_is_plain) {
  EXPECT_FALSE(effective({}, Role::admin).contains("security.protocol"));
}

TEST(KafkaProperties, a_ca_alone_means_tls) {
  config::KafkaSettings settings;
  settings.ca_file = "/ca.pem";
  const auto properties = effective(settings, Role::admin);
  EXPECT_THAT(properties, Contains(Pair("security.protocol", "ssl")));
  EXPECT_THAT(properties, Contains(Pair("ssl.ca.location", "/ca.pem")));
  EXPECT_FALSE(properties.contains("sasl.username"));
}

TEST(KafkaProperties, a_user_alone_means_sasl_over_the_systems_cas) {
  config::KafkaSettings settings;
  settings.username = "ann";
  settings.password = "pw";
  const auto properties = effective(settings, Role::admin);
  EXPECT_THAT(properties, Contains(Pair("security.protocol", "sasl_ssl")));
  EXPECT_THAT(properties, Contains(Pair("sasl.mechanism", "PLAIN")));
  EXPECT_THAT(properties, Contains(Pair("sasl.username", "ann")));
  EXPECT_THAT(properties, Contains(Pair("sasl.password", "pw")));
  EXPECT_FALSE(properties.contains("ssl.ca.location"));
}

TEST(KafkaProperties, what_is_passed_through_wins_over_the_defaults) {
  config::KafkaSettings settings;
  settings.conf["linger.ms"] = "50";
  EXPECT_THAT(effective(settings, Role::producer), Contains(Pair("linger.ms", "50")));
}

TEST(KafkaProperties, what_would_break_a_promise_is_refused_by_its_variable) {
  for (const char* name : {"acks", "enable.idempotence", "message.timeout.ms", "enable.auto.commit",
                           "enable.ssl.certificate.verification", "bootstrap.servers", "partitioner"}) {
    config::KafkaSettings settings;
    settings.conf[name] = "x";
    const auto properties = properties_for(settings, Role::producer, "me");
    ASSERT_FALSE(properties) << name;
    EXPECT_THAT(properties.error().message, HasSubstr(variable_of(name)));
  }
}

TEST(KafkaProperties, only_brokers_that_are_all_on_loopback_are_looked_up_as_ipv4) {
  config::KafkaSettings settings;
  settings.brokers = "127.0.0.1:9092, localhost:9093";
  EXPECT_THAT(effective(settings, Role::admin), Contains(Pair("broker.address.family", "v4")));
  settings.brokers = "127.0.0.1:9092,kafka.example:9092";
  EXPECT_FALSE(effective(settings, Role::admin).contains("broker.address.family"));
}

TEST(KafkaProperties, secrets_are_known_as_such) {
  config::KafkaSettings settings;
  settings.password = "one";
  settings.conf = {{"ssl.key.password", "two"}, {"linger.ms", "5"}};
  EXPECT_THAT(secrets_of(settings), testing::UnorderedElementsAre("one", "two"));
}

}  // namespace
}  // namespace chat::kafka
