// The settings that both services share, each with its defaults.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "common/config/settings_table.hpp"
#include "common/log/log.hpp"

namespace chat::config {

struct RedisSettings {
  std::string url;  // REDIS_URLS: redis[s]://[user][:password]@host:port[/db]; wins over the parts below
  std::string host = "127.0.0.1";
  std::int64_t port = 6379;
  std::string username;
  std::string password;
  std::int64_t database = 0;
  bool tls = false;     // the URL begins with rediss://
  std::string ca_file;  // of TLS, in PEM; empty: the system's
  std::string prefix;   // put before every key and channel
};

struct KafkaSettings {
  std::string brokers = "127.0.0.1:9092";
  std::string topic = "MESSAGES";
  std::string group = "message-consumer-group";  // of the persisters
  std::int64_t partitions = 8;
  std::int64_t replication = 1;
  std::string username;
  std::string password;
  std::string ca_file;
  std::string sasl_mechanism = "PLAIN";
  std::map<std::string, std::string> conf;  // librdkafka names, from KAFKA_CONF_*

  std::string dead_letter_topic() const { return topic + ".dead"; }
  std::string replay_group() const { return group + "-replay"; }
};

struct AdminSettings {
  std::string address = "127.0.0.1";
  std::int64_t port = 0;  // 0: chosen by the kernel and logged; each service sets its own default
};

struct LogSettings {
  std::string level = "info";
  std::string file;  // empty: standard output

  log::Level least() const;
};

/// Each adds its rows and its checks. `redis.url` is taken apart into the parts by the check (REDIS_URLS with
/// more than one URL is an error until several shards exist; so is rediss:// in a build without TLS for
/// Redis).
void add_redis_settings(SettingsTable& table, RedisSettings& settings);
void add_kafka_settings(SettingsTable& table, KafkaSettings& settings);
void add_admin_settings(SettingsTable& table, AdminSettings& settings);
void add_log_settings(SettingsTable& table, LogSettings& settings);

}  // namespace chat::config
