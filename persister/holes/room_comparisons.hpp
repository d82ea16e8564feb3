// Compares rooms page by page with PostgreSQL and stores what only their streams have.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>

#include "common/postgres/failure.hpp"
#include "persister/holes/hole_metrics.hpp"
#include "persister/holes/hole_store.hpp"
#include "persister/holes/redis_rooms.hpp"
#include "persister/holes/room_watches.hpp"
#include "persister/holes/work_limit.hpp"
#include "persister/interfaces/receipts.hpp"

namespace chat::persister {

struct PageLimits {
  std::size_t entries = 500;
  std::size_t lacking = 10'000;  // numbers of a page that the stream does not have
};

/// One thread.
class RoomComparisons {
 public:
  /// All of it outlives this object.
  RoomComparisons(RedisRooms& redis, HoleStore& store, Receipts& receipts, HoleMetrics& metrics,
                  PageLimits limits)
      : redis_(redis), store_(store), receipts_(receipts), metrics_(metrics), limits_(limits) {}

  /// Every number of the room up to its candidate is a row, a void number or a hole.
  void add(ProvenRoom room);

  /// Why the work stopped before its limit.
  struct Outcome {
    bool is_redis_lost = false;  // Redis is away or another one: nothing that was added is proven any more
    std::optional<postgres::Failure> failure;  // of one room; the others are tried first
  };
  /// Goes on with the rooms of these partitions; those of others are dropped.
  Outcome work(const std::set<std::int32_t>& partitions, const WorkLimit& limit);

  /// Forgets all rooms.
  void clear();

  bool contains(const std::string& room) const { return rooms_.contains(room); }
  bool empty() const { return rooms_.empty(); }
  std::size_t size() const { return rooms_.size(); }

 private:
  struct Comparison {
    ProvenRoom room;
    Cursor after{};
    std::size_t stored = 0;
    std::size_t lost = 0;
    Cursor first_hole{};
  };
  enum class Step { more, over, failed };

  bool begin_some();
  void begin(ProvenRoom room, const RoomState& state);
  Step compare_page(Comparison& comparison, Outcome& outcome);
  void note_page(Comparison& comparison, const PageOutcome& page);
  static void report(const Comparison& comparison);

  RedisRooms& redis_;
  HoleStore& store_;
  Receipts& receipts_;
  HoleMetrics& metrics_;
  const PageLimits limits_;
  std::deque<ProvenRoom> proven_;
  std::deque<Comparison> comparisons_;
  std::unordered_set<std::string> rooms_;  // of these two
};

}  // namespace chat::persister
