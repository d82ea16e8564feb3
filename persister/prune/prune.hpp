// Deletes the rooms' old messages, a few at a time, beside running services.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

#include "common/base/result.hpp"
#include "common/config/service_settings.hpp"
#include "common/postgres/database_settings.hpp"

namespace chat::persister {

struct PruneOptions {
  std::chrono::hours age{};
  std::string room;  // this one alone; empty: all
  std::size_t batch = 1'000;
  bool dry_run = false;                    // say what would be deleted, change nothing
  std::chrono::milliseconds wait{30'000};  // for Redis, and for PostgreSQL to have what Kafka has
};

struct PruneCount {
  std::size_t rows = 0;
  std::size_t rooms = 0;    // of which rows were deleted
  std::size_t waiting = 0;  // rooms left alone, since their watermark is not known yet
  bool was_stopped = false;
};

struct PruneServers {
  postgres::DatabaseSettings database;
  config::KafkaSettings kafka;
  config::RedisSettings redis;
};

/// Begins only once PostgreSQL has all that Kafka had, so that no message below a floor is still on its way;
/// and deletes nothing above a room's watermark. A room's stream in Redis is trimmed before its rows go. The
/// load is bounded: it rests for as long as each batch took. `tell` gets a line for each batch. Blocks; ends
/// after a batch once `stop` is true. The error is one sentence; what was deleted by then stays deleted, and
/// the next run goes on from there.
Result<PruneCount> prune(const PruneServers& servers, const PruneOptions& options,
                         const std::atomic<bool>& stop, const std::function<void(const std::string&)>& tell);

}  // namespace chat::persister
