#include "persister/holes/active_room_scan.hpp"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "common/wire/limits.hpp"

namespace chat::persister {

ActiveRoomScan::ActiveRoomScan(RedisRooms& redis, const kafka::ProgressSources& sources, RoomWatches& watches,
                               const RoomComparisons& comparisons, const Clock& clock,
                               std::chrono::milliseconds period, std::size_t max_rooms)
    : redis_(redis),
      sources_(sources),
      watches_(watches),
      comparisons_(comparisons),
      clock_(clock),
      period_(period),
      max_rooms_(max_rooms),
      last_pass_(clock.now()) {}

void ActiveRoomScan::work(const std::set<std::int32_t>& partitions, const WorkLimit& limit) {
  if (!scan_ && clock_.now() >= next_scan_ && !partitions.empty() && redis_.ready()) {
    scan_ = Scan{clock_.now()};
    next_scan_ = scan_->began + period_;
  }
  while (scan_ && !is_full() && !limit.is_over()) {
    if (!take_step(partitions)) {
      scan_.reset();
      next_scan_ = clock_.now();
      return;
    }
    if (scan_->next != "0") continue;
    scan_->ended = clock_.now();
    if (!unproven_) unproven_ = scan_;
    scan_.reset();
  }
}

/// False when Redis or Kafka did not answer.
bool ActiveRoomScan::take_step(const std::set<std::int32_t>& partitions) {
  const auto active = redis_.active(scan_->next);
  if (!active) return false;
  auto found = choose(active->rooms, partitions);
  // A look takes resolved rooms out of the active ones; so it does with the room of a trial whose keys are
  // gone.
  if (!found || !redis_.look(found->trials) || !watch(std::move(found->rooms))) return false;
  scan_->next = active->next;
  return true;
}

std::optional<ActiveRoomScan::Found> ActiveRoomScan::choose(const std::vector<std::string>& active,
                                                            const std::set<std::int32_t>& partitions) const {
  Found found;
  for (const std::string& room : active) {
    // The room of a gateway's trial has no messages.
    if (!is_valid_room(room)) {
      found.trials.push_back(room);
      continue;
    }
    if (watches_.contains(room) || comparisons_.contains(room)) continue;
    const auto partition = sources_.partition(room);
    if (!partition) return std::nullopt;
    if (partitions.contains(*partition)) found.rooms.push_back({room, *partition, {}, {}, {}});
  }
  return found;
}

bool ActiveRoomScan::watch(std::vector<ProvenRoom> rooms) {
  std::vector<std::string> names;
  std::ranges::transform(rooms, std::back_inserter(names), &ProvenRoom::room);
  const auto states = redis_.look(names);
  if (!states) return false;
  for (std::size_t i = 0; i < rooms.size(); ++i) {
    if ((*states)[i].is_resolved()) continue;
    rooms[i].candidate = (*states)[i].newest;
    rooms[i].run = redis_.run_id();
    watches_.note(rooms[i], clock_.now());
  }
  return true;
}

Clock::TimePoint::duration ActiveRoomScan::since_last_pass(bool has_partitions) {
  const auto oldest = watches_.oldest();
  if (!has_partitions) last_pass_ = clock_.now();
  if (unproven_ && comparisons_.empty() && (!oldest || *oldest > unproven_->ended)) {
    last_pass_ = unproven_->began;
    unproven_.reset();
  }
  return clock_.now() - last_pass_;
}

}  // namespace chat::persister
