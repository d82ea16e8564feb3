// Every setting of chat-gateway.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "common/config/service_settings.hpp"
#include "common/config/settings_table.hpp"
#include "common/kafka/durability_findings.hpp"
#include "common/postgres/database_settings.hpp"
#include "common/tracing/trace_settings.hpp"
#include "common/wire/record_size.hpp"

namespace chat::gateway {

struct GatewaySettings {
  GatewaySettings();

  std::string gateway_id;  // unique; complete() makes a random one for an empty one
  std::string listen_address = "127.0.0.1";
  std::int64_t port = 8000;
  std::int64_t workers = 0;  // complete() replaces 0 by one per core
  std::int64_t journal_max_records = 50'000;
  std::int64_t journal_max_mebibytes = 64;
  std::int64_t stream_hard_cap = 20'000;
  std::int64_t history_threads = 2;
  bool strict_durability = false;
  kafka::DurabilityDemands durability{.min_batch_bytes = std::int64_t{max_record_bytes}};
  std::int64_t outbox_max_kibibytes = 1024;
  std::chrono::milliseconds websocket_ping_interval{20'000};
  std::chrono::milliseconds idle_timeout{40'000};
  std::chrono::milliseconds socketio_ping_interval{25'000};
  std::chrono::milliseconds socketio_ping_timeout{20'000};
  std::chrono::milliseconds socketio_connect_timeout{45'000};
  std::string tls_certificate_file;  // empty: without TLS
  std::string tls_key_file;
  std::string allowed_origins = "http://localhost:3000";
  std::chrono::milliseconds startup_timeout{30'000};
  std::chrono::milliseconds drain_delay{0};
  std::chrono::milliseconds drain_span{10'000};
  std::chrono::milliseconds drain_timeout{15'000};
  tracing::TraceSettings tracing;
  config::AdminSettings admin;
  config::LogSettings log;
  config::RedisSettings redis;
  config::KafkaSettings kafka;
  postgres::DatabaseSettings database;  // an empty URL: no PostgreSQL
};

/// Fills in the values that depend on the machine or on chance.
GatewaySettings complete(GatewaySettings settings);

/// The table of help, environment and flags, bound to `settings`, which outlives it.
config::SettingsTable gateway_settings_table(GatewaySettings& settings, const std::string& version);

}  // namespace chat::gateway
