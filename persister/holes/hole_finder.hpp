// Finds messages that were shown but never reached Kafka, and stores them from their room's stream.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

#include "common/config/service_settings.hpp"
#include "common/metrics/metrics.hpp"
#include "common/postgres/database_settings.hpp"
#include "common/postgres/failure.hpp"
#include "common/redis/timing.hpp"
#include "persister/holes/hole_metrics.hpp"
#include "persister/holes/hole_store.hpp"
#include "persister/holes/kafka_ends.hpp"
#include "persister/holes/redis_rooms.hpp"
#include "persister/holes/room_watches.hpp"
#include "persister/interfaces/owned_partitions.hpp"
#include "persister/interfaces/receipts.hpp"

namespace chat::persister {

struct HoleFinderOptions {
  std::chrono::milliseconds period{15'000};    // from one look at all active rooms to the next
  std::chrono::milliseconds settling{10'000};  // RoomWatches
  std::chrono::milliseconds turn{1'000};
  std::chrono::milliseconds work_a_turn{250};  // so that neither Redis nor PostgreSQL is loaded for long
  std::size_t page_entries = 500;
  std::size_t page_lacking = 10'000;  // numbers of a page that the stream does not have
  std::size_t most_rooms = 50'000;    // that are watched or compared; the look at the others waits
  std::string topic = "MESSAGES";     // of the positions
  redis::Timing timing{};
};

/// One thread of its own with a connection to each of Redis, Kafka and PostgreSQL. When one of them is away,
/// a room's watch is given up and begins again later; nothing is ever guessed. Two persisters that look at
/// the same room do no harm.
class HoleFinder {
 public:
  /// The database must be migrated; `owned`, `receipts` and `metrics` outlive this object. Works from here
  /// on.
  HoleFinder(const config::RedisSettings& redis, postgres::DatabaseSettings database, KafkaEnds kafka,
             const OwnedPartitions& owned, Receipts& receipts, Metrics& metrics,
             HoleFinderOptions options = {});
  /// Waits for the call in hand, a few seconds at most.
  ~HoleFinder();
  HoleFinder(const HoleFinder&) = delete;
  HoleFinder& operator=(const HoleFinder&) = delete;

  /// Any thread: the end may be awaited later, by the destructor.
  void ask_to_stop() { stop_.request_stop(); }

 private:
  using Clock = RoomWatches::Clock;

  /// A look at all active rooms, from its beginning on.
  struct Look {
    Clock::time_point began;
    std::string next = "0";
    Clock::time_point ended{};
  };

  /// A room that is being compared.
  struct Comparison {
    ProvenRoom room;
    Cursor after{};
    std::size_t stored = 0;
    std::size_t lost = 0;
    Cursor first_hole{};
  };

  /// A scan of all watermarks for the rooms of partitions whose rows were lost.
  struct Recheck {
    std::map<std::int32_t, StoredPosition> partitions;
    std::string next = "0";
    std::size_t rooms = 0;
  };

  enum class Step { more, over, failed };

  void run();
  void take_turn();
  void begin_recheck();
  void recheck(Clock::time_point deadline);
  bool recheck_step(Recheck& recheck);
  void look_at_rooms(Clock::time_point deadline);
  bool look_step(Look& look);
  void ask_for_ends();
  void take_reached();
  void begin_comparisons(Clock::time_point deadline);
  void compare(Clock::time_point deadline);
  Step compare_page(Comparison& comparison);
  void report(const Comparison& comparison) const;
  void forget_proven();
  void note_failure(const postgres::Failure& failure);
  void note_passes();
  bool is_full() const { return watches_.size() + busy_.size() >= options_.most_rooms; }

  const HoleFinderOptions options_;
  KafkaEnds kafka_;
  const OwnedPartitions& owned_;
  Receipts& receipts_;
  HoleMetrics metrics_;
  std::stop_source stop_;
  RedisRooms redis_;
  HoleStore store_;

  RoomWatches watches_;
  std::set<std::int32_t> partitions_;  // owned, as of this turn
  std::deque<ProvenRoom> reached_;
  std::deque<Comparison> comparisons_;
  std::unordered_set<std::string> busy_;  // rooms in these two
  std::optional<Recheck> recheck_;
  Clock::time_point next_recheck_{};
  std::optional<Look> look_;
  std::optional<Look> unproven_look_;  // is over, its rooms are not
  Clock::time_point next_look_{};
  Clock::time_point last_pass_;
  Clock::time_point next_report_{};

  std::thread thread_;
};

}  // namespace chat::persister
