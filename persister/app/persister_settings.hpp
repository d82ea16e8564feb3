// The persister's settings and the table that reads them.
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
#include "persister/pipeline/pipeline.hpp"

namespace chat::persister {

struct PersisterSettings {
  PersisterSettings();

  std::string persister_id;  // empty: the group gives this member a name for each start
  config::AdminSettings admin;
  config::KafkaSettings kafka;
  config::RedisSettings redis;
  config::LogSettings log;
  tracing::TraceSettings tracing;
  postgres::DatabaseSettings database;
  kafka::DurabilityDemands durability{.min_batch_bytes = std::int64_t{max_record_bytes}};

  std::chrono::milliseconds pause{60'000};
  std::int64_t batch_max_records = 1000;
  std::int64_t batch_max_kibibytes = 4096;
  std::chrono::milliseconds batch_age{50};
  std::int64_t stream_keep = 1000;
  std::chrono::milliseconds hole_finder_period{15'000};
  std::chrono::milliseconds startup_timeout{30'000};
  std::chrono::milliseconds drain_timeout{10'000};

  PipelineSettings pipeline() const;
};

/// The table binds `settings`, which must outlive it.
config::SettingsTable persister_settings_table(PersisterSettings& settings, const std::string& version);

}  // namespace chat::persister
