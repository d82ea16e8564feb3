// Asks all servers about a message, in the order in which their answers help each other.
#pragma once

#include <chrono>
#include <cstdint>

#include "common/config/service_settings.hpp"
#include "common/postgres/database_settings.hpp"
#include "gateway/lookup/asked.hpp"
#include "gateway/lookup/facts.hpp"
#include "gateway/lookup/kafka_lookup.hpp"

namespace chat::gateway::lookup {

struct LookupSettings {
  config::RedisSettings redis;
  config::KafkaSettings kafka;
  postgres::DatabaseSettings database;
  std::chrono::milliseconds limit{5'000};  // for which a server may be silent
  std::int64_t max_records = 100'000;      // that are looked through in a topic
};

/// Changes nothing on any server. Blocks.
Facts gather(const LookupSettings& settings, const Asked& asked, const Progress& progress);

}  // namespace chat::gateway::lookup
