// Looks again and again through the active rooms for those that have something newer than their watermark.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/base/clock.hpp"
#include "common/kafka/stored_progress.hpp"
#include "persister/holes/redis_rooms.hpp"
#include "persister/holes/room_comparisons.hpp"
#include "persister/holes/room_watches.hpp"
#include "persister/holes/work_limit.hpp"

namespace chat::persister {

/// One thread.
class ActiveRoomScan {
 public:
  /// All of it outlives this object. `period`: from one scan to the next. `max_rooms`: of `watches` and
  /// `comparisons` together; the scan waits while there are as many.
  ActiveRoomScan(RedisRooms& redis, const kafka::ProgressSources& sources, RoomWatches& watches,
                 const RoomComparisons& comparisons, const Clock& clock, std::chrono::milliseconds period,
                 std::size_t max_rooms);

  /// Goes on with the scan, or begins the next one where it is due.
  void work(const std::set<std::int32_t>& partitions, const WorkLimit& limit);

  /// The rooms that the last scan noted may never be compared, so it does not count as carried through.
  void discount() { unproven_.reset(); }

  /// Since the last scan began of which all rooms are stored or compared by now.
  Clock::TimePoint::duration since_last_pass(bool has_partitions);

 private:
  struct Scan {
    Clock::TimePoint began;
    std::string next = "0";
    Clock::TimePoint ended{};
  };
  struct Found {
    std::vector<ProvenRoom> rooms;
    std::vector<std::string> trials;
  };

  bool is_full() const { return watches_.size() + comparisons_.size() >= max_rooms_; }
  bool take_step(const std::set<std::int32_t>& partitions);
  std::optional<Found> choose(const std::vector<std::string>& active,
                              const std::set<std::int32_t>& partitions) const;
  bool watch(std::vector<ProvenRoom> rooms);

  RedisRooms& redis_;
  const kafka::ProgressSources& sources_;
  RoomWatches& watches_;
  const RoomComparisons& comparisons_;
  const Clock& clock_;
  const std::chrono::milliseconds period_;
  const std::size_t max_rooms_;
  std::optional<Scan> scan_;
  std::optional<Scan> unproven_;  // is over, its rooms are not
  Clock::TimePoint next_scan_{};
  Clock::TimePoint last_pass_;
};

}  // namespace chat::persister
