// Finds messages that were shown but never reached Kafka, and stores them from their room's stream.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <set>
#include <stop_token>
#include <string>
#include <thread>

#include "common/base/clock.hpp"
#include "common/base/report_limit.hpp"
#include "common/config/service_settings.hpp"
#include "common/kafka/stored_progress.hpp"
#include "common/metrics/metrics.hpp"
#include "common/postgres/database_settings.hpp"
#include "common/postgres/failure.hpp"
#include "common/redis/timing.hpp"
#include "persister/holes/active_room_scan.hpp"
#include "persister/holes/hole_metrics.hpp"
#include "persister/holes/hole_store.hpp"
#include "persister/holes/redis_rooms.hpp"
#include "persister/holes/room_comparisons.hpp"
#include "persister/holes/room_watches.hpp"
#include "persister/holes/watermark_recheck.hpp"
#include "persister/interfaces/owned_partitions.hpp"
#include "persister/interfaces/receipts.hpp"

namespace chat::persister {

struct HoleFinderOptions {
  std::chrono::milliseconds period{15'000};        // from one scan of the active rooms to the next
  std::chrono::milliseconds produce_time{10'000};  // RoomWatches
  std::chrono::milliseconds turn{1'000};
  std::chrono::milliseconds work_a_turn{250};  // so that neither Redis nor PostgreSQL is loaded for long
  PageLimits page{};
  std::size_t max_rooms = 50'000;  // that are watched or compared; the scan of the others waits
  std::string topic = "MESSAGES";  // of the positions
  redis::Timing timing{};
};

/// Has a thread with a connection to each of Redis, Kafka and PostgreSQL. When one of them is away, the watch
/// of a room is given up and begins again later; nothing is ever guessed. Two persisters that look at the
/// same room do no harm.
class HoleFinder {
 public:
  /// Positions are read through `database`, whatever `kafka` has for that. The database must be migrated;
  /// `owned`, `receipts`, `metrics` and `clock` outlive this object. Works from here on.
  HoleFinder(const config::RedisSettings& redis, postgres::DatabaseSettings database,
             kafka::ProgressSources kafka, const OwnedPartitions& owned, Receipts& receipts, Metrics& metrics,
             HoleFinderOptions options = {}, const Clock& clock = Clock::real());
  /// Waits for the call in hand, a few seconds at most.
  ~HoleFinder();
  HoleFinder(const HoleFinder&) = delete;
  HoleFinder& operator=(const HoleFinder&) = delete;

  /// Any thread: the end may be awaited later, by the destructor.
  void ask_to_stop() { stop_.request_stop(); }

 private:
  void run();
  void take_turn();
  void ask_for_ends(kafka::ProgressLook& progress);
  void take_reached(kafka::ProgressLook& progress);
  void recheck(const WorkLimit& limit);
  void compare(const WorkLimit& limit);
  void forget_proven();
  void note_failure(const postgres::Failure& failure);

  const HoleFinderOptions options_;
  const Clock& clock_;
  const OwnedPartitions& owned_;
  HoleMetrics metrics_;
  std::stop_source stop_;
  RedisRooms redis_;
  HoleStore store_;
  const kafka::ProgressSources sources_;

  std::set<std::int32_t> partitions_;  // owned, as of this turn
  RoomWatches watches_;
  RoomComparisons comparisons_;
  WatermarkRecheck recheck_;
  ActiveRoomScan scan_;
  ReportLimit failure_reports_;

  std::thread thread_;
};

}  // namespace chat::persister
