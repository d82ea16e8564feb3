#include "common/config/service_settings.hpp"

#include <algorithm>
#include <fstream>

#include "common/config/redis_url.hpp"

namespace chat::config {
namespace {

using Fault = std::optional<std::string>;

constexpr const char* name_characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

/// A brace would move or break the hash tag that keeps a room's keys on one node.
bool is_prefix(const std::string& prefix) {
  constexpr std::size_t longest = 64;
  return prefix.size() <= longest &&
         prefix.find_first_not_of(std::string(name_characters) + ":/") == std::string::npos;
}

Fault check_redis(RedisSettings& settings) {
  if (!is_prefix(settings.prefix))
    return "REDIS_PREFIX \"" + settings.prefix + "\" is not a prefix; use up to 64 of A-Z a-z 0-9 . _ - : /";
  if (settings.url.empty()) {
    if (!settings.ca_file.empty())
      return "REDIS_CA_FILE is set without TLS; give REDIS_URLS with rediss://, or leave REDIS_CA_FILE out";
    if (settings.host.empty()) return "REDIS_HOST is empty; give the host of the Redis server";
    return std::nullopt;
  }
  const auto url = parse_redis_url(settings.url);
  if (!url) return "REDIS_URLS " + url.error().message;
  if (url->tls && !has_redis_tls)
    return "REDIS_URLS asks for TLS (rediss://), which this build cannot speak since its hiredis is older "
           "than 1.1; "
           "let stunnel carry the connection (deploy/README.md, Redis over TLS) and name it with redis://";
  if (!url->tls && !settings.ca_file.empty())
    return "REDIS_CA_FILE is set, but REDIS_URLS asks for no TLS; begin it with rediss://, or leave "
           "REDIS_CA_FILE out";
  settings.tls = url->tls;
  settings.host = url->host;
  settings.port = url->port;
  settings.username = url->username;
  settings.password = url->password;
  settings.database = url->database;
  return std::nullopt;
}

bool is_topic_name(const std::string& name) {
  constexpr std::size_t longest = 249 - std::string_view(".dead").size();
  return !name.empty() && name.size() <= longest && name != "." && name != ".." &&
         name.find_first_not_of(name_characters) == std::string::npos;
}

/// Kafka takes any name; tools and rules of access do better without blanks and quotes.
bool is_group_name(const std::string& name) {
  constexpr std::size_t longest = 200;
  return !name.empty() && name.size() <= longest &&
         name.find_first_not_of(name_characters) == std::string::npos;
}

Fault check_kafka(const KafkaSettings& settings) {
  if (settings.brokers.find_first_not_of(", ") == std::string::npos)
    return "KAFKA_BROKER is empty; give at least one broker as host:port";
  if (!is_topic_name(settings.topic))
    return "KAFKA_TOPIC \"" + settings.topic + "\" is not a topic name; use up to 244 of A-Z a-z 0-9 . _ -";
  if (!is_group_name(settings.group))
    return "KAFKA_GROUP \"" + settings.group + "\" is not a group name; use up to 200 of A-Z a-z 0-9 . _ -";
  return std::nullopt;
}

Fault check_kafka_security(const KafkaSettings& settings) {
  if (settings.username.empty() && !settings.password.empty())
    return "KAFKA_PASSWORD is set without KAFKA_USERNAME; set both or neither";
  if (!settings.username.empty() && settings.password.empty())
    return "KAFKA_USERNAME is set without KAFKA_PASSWORD; set both or neither";
  return std::nullopt;
}

Fault check_ca_file(const std::string& setting, const std::string& path) {
  if (path.empty()) return std::nullopt;
  std::ifstream file(path);
  // Opening a folder succeeds; reading from it does not.
  if (file.peek() == std::ifstream::traits_type::eof())
    return setting + " \"" + path + "\" cannot be read or is empty; give a file of CA certificates in PEM";
  return std::nullopt;
}

}  // namespace

log::Level LogSettings::least() const {
  if (level == "debug") return log::Level::debug;
  if (level == "warning") return log::Level::warning;
  if (level == "error") return log::Level::error;
  return log::Level::info;
}

void add_redis_settings(SettingsTable& table, RedisSettings& settings) {
  table.add(url_setting(
      "redis-urls", "REDIS_URLS",
      "URL of the Redis server, redis://[user][:password]@host:port[/db], rediss:// for TLS; wins "
      "over the other settings of the connection",
      settings.url));
  table.add(text_setting("redis-host", "REDIS_HOST", "host of the Redis server", settings.host));
  table.add(integer_setting("redis-port", "REDIS_PORT", "port of the Redis server", settings.port, 1, 65535));
  table.add(text_setting("redis-username", "REDIS_USERNAME", "Redis ACL user; without it the default user",
                         settings.username));
  table.add(secret_setting("redis-password", "REDIS_PASSWORD", "Redis password", settings.password));
  table.add(integer_setting("redis-db", "REDIS_DB", "Redis database number; it does not separate channels",
                            settings.database, 0, max_redis_database));
  table.add(text_setting("redis-ca-file", "REDIS_CA_FILE",
                         "CA certificates in PEM for rediss://; empty: the system's", settings.ca_file));
  table.add(
      text_setting("redis-prefix", "REDIS_PREFIX", "prefix of every Redis key and channel", settings.prefix));
  table.add_check([&settings] { return check_redis(settings); });
  table.add_check([&settings] { return check_ca_file("REDIS_CA_FILE", settings.ca_file); });
}

void add_kafka_settings(SettingsTable& table, KafkaSettings& settings) {
  table.add(text_setting("kafka-broker", "KAFKA_BROKER", "Kafka brokers, host:port separated by commas",
                         settings.brokers));
  table.add(text_setting("kafka-topic", "KAFKA_TOPIC",
                         "topic of the messages; dead letters go to the topic of this name with .dead",
                         settings.topic));
  table.add(
      text_setting("kafka-group", "KAFKA_GROUP",
                   "consumer group of the persisters; replay-dead has the group of this name with -replay",
                   settings.group));
  table.add(integer_setting("kafka-partitions", "KAFKA_PARTITIONS",
                            "number of partitions of a topic that is created; never change it later",
                            settings.partitions, 1, 10000));
  table.add(integer_setting("kafka-replication", "KAFKA_REPLICATION", "replicas of a topic that is created",
                            settings.replication, 1, 32));
  table.add(text_setting("kafka-username", "KAFKA_USERNAME", "SASL user; a user alone means SASL over TLS",
                         settings.username));
  table.add(secret_setting("kafka-password", "KAFKA_PASSWORD", "SASL password", settings.password));
  table.add(text_setting("kafka-ca-file", "KAFKA_CA_FILE", "CA certificates in PEM; set means TLS",
                         settings.ca_file));
  table.add(choice_setting("kafka-sasl-mechanism", "KAFKA_SASL_MECHANISM", "SASL mechanism",
                           settings.sasl_mechanism, {"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"}));
  table.add_pass_through("kafka-conf", "KAFKA_CONF_",
                         "property of librdkafka, KAFKA_CONF_LINGER_MS=5 or --kafka-conf linger.ms=5",
                         settings.conf);
  table.add_check([&settings] { return check_kafka(settings); });
  table.add_check([&settings] { return check_kafka_security(settings); });
  table.add_check([&settings] { return check_ca_file("KAFKA_CA_FILE", settings.ca_file); });
}

void add_admin_settings(SettingsTable& table, AdminSettings& settings) {
  table.add(address_setting("admin-address", "ADMIN_ADDRESS", "address of /livez, /readyz and /metrics",
                            settings.address));
  table.add(integer_setting("admin-port", "ADMIN_PORT",
                            "port of /livez, /readyz and /metrics; 0: any free one", settings.port, 0,
                            65535));
}

void add_log_settings(SettingsTable& table, LogSettings& settings) {
  table.add(choice_setting("log-level", "LOG_LEVEL", "lowest level that is logged", settings.level,
                           {"debug", "info", "warning", "error"}));
  table.add(text_setting("log-file", "LOG_FILE",
                         "file to which the log is appended, opened anew at SIGHUP; empty: standard output",
                         settings.file));
}

}  // namespace chat::config
