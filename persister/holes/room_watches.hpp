// The rooms that are watched, and whether enough is known to compare them.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/wire/cursor.hpp"
#include "common/wire/stored_position.hpp"

namespace chat::persister {

/// A room of which every number up to the candidate is proven to be a row, a void number or a hole.
struct ProvenRoom {
  std::string room;
  std::int32_t partition = 0;
  Cursor candidate;
  std::string run;         // of the Redis that gave the candidate
  StoredPosition proof{};  // the position that proves it, {} without one
};

/// Pure; one thread. A room is noted with its newest number. Once that number is old enough, every message up
/// to it that will ever reach Kafka is there, so the partition's end offset is above all of them. Once
/// PostgreSQL's position has reached that end, a message that PostgreSQL does not have will not come by
/// itself (ARCHITECTURE.md, The life of a message, step 10).
class RoomWatches {
 public:
  using Clock = std::chrono::steady_clock;

  /// `produce_time`: what a gateway is given to produce what it has shown.
  explicit RoomWatches(std::chrono::milliseconds produce_time) : produce_time_(produce_time) {}

  /// Nothing when the room is being watched already.
  void note(const ProvenRoom& room, Clock::time_point now);

  /// The partition did not answer, so gateways may not have been able to produce to it either. Its rooms
  /// without an end wait for the whole time again.
  void restart(std::int32_t partition, Clock::time_point now);

  /// Partitions with a room that has no end yet.
  std::set<std::int32_t> waiting() const;

  /// Partitions with a room that is old enough for one.
  std::set<std::int32_t> due(Clock::time_point now) const;

  /// The end as it was read after `now`; for all rooms of the partition that are due then.
  void set_end(std::int32_t partition, std::int64_t end, Clock::time_point now);

  bool has_ends() const;

  /// The partitions with a room whose end the position has reached; without a position there is nothing.
  std::set<std::int32_t> reached(const std::map<std::int32_t, StoredPosition>& positions) const;

  /// Takes out the rooms of these partitions whose end the positions have reached. The others' ends are kept.
  std::vector<ProvenRoom> take_reached(const std::map<std::int32_t, StoredPosition>& positions,
                                       const std::set<std::int32_t>& proven);

  /// Forgets the rooms of this partition: it is not what it was.
  void forget(std::int32_t partition);

  /// Forgets the rooms of all other partitions.
  void keep(const std::set<std::int32_t>& partitions);

  /// When the room was noted that has waited longest.
  std::optional<Clock::time_point> oldest() const;

  bool contains(const std::string& room) const { return watches_.contains(room); }
  std::size_t size() const { return watches_.size(); }

 private:
  struct Watch {
    ProvenRoom room;
    Clock::time_point noted;
    Clock::time_point waits_since;
    std::optional<std::int64_t> end;
  };

  bool is_due(const Watch& watch, Clock::time_point now) const {
    return !watch.end && now - watch.waits_since >= produce_time_;
  }
  static bool has_reached(const Watch& watch, const std::map<std::int32_t, StoredPosition>& positions);

  const std::chrono::milliseconds produce_time_;
  std::unordered_map<std::string, Watch> watches_;
};

}  // namespace chat::persister
