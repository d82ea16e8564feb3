#include "persister/holes/room_watches.hpp"

#include <algorithm>
#include <utility>

namespace chat::persister {

void RoomWatches::note(const ProvenRoom& room, Clock::time_point now) {
  watches_.try_emplace(room.room, Watch{room, now, now, std::nullopt});
}

void RoomWatches::restart(std::int32_t partition, Clock::time_point now) {
  for (auto& [name, watch] : watches_)
    if (!watch.end && watch.room.partition == partition) watch.waits_since = now;
}

std::set<std::int32_t> RoomWatches::waiting() const {
  std::set<std::int32_t> partitions;
  for (const auto& [name, watch] : watches_)
    if (!watch.end) partitions.insert(watch.room.partition);
  return partitions;
}

std::set<std::int32_t> RoomWatches::due(Clock::time_point now) const {
  std::set<std::int32_t> partitions;
  for (const auto& [name, watch] : watches_)
    if (is_due(watch, now)) partitions.insert(watch.room.partition);
  return partitions;
}

void RoomWatches::set_end(std::int32_t partition, std::int64_t end, Clock::time_point now) {
  for (auto& [name, watch] : watches_)
    if (watch.room.partition == partition && is_due(watch, now)) watch.end = end;
}

bool RoomWatches::has_ends() const {
  return std::ranges::any_of(watches_, [](const auto& entry) { return entry.second.end.has_value(); });
}

bool RoomWatches::has_reached(const Watch& watch, const std::map<std::int32_t, StoredPosition>& positions) {
  const auto position = positions.find(watch.room.partition);
  return watch.end && (position == positions.end() ? 0 : position->second.next_offset) >= *watch.end;
}

std::set<std::int32_t> RoomWatches::reached(const std::map<std::int32_t, StoredPosition>& positions) const {
  std::set<std::int32_t> partitions;
  for (const auto& [name, watch] : watches_)
    if (has_reached(watch, positions)) partitions.insert(watch.room.partition);
  return partitions;
}

std::vector<ProvenRoom> RoomWatches::take_reached(const std::map<std::int32_t, StoredPosition>& positions,
                                                  const std::set<std::int32_t>& proven) {
  std::vector<ProvenRoom> reached;
  for (auto entry = watches_.begin(); entry != watches_.end();) {
    Watch& watch = entry->second;
    if (!proven.contains(watch.room.partition) || !has_reached(watch, positions)) {
      ++entry;
      continue;
    }
    if (const auto position = positions.find(watch.room.partition); position != positions.end())
      watch.room.proof = position->second;
    reached.push_back(std::move(watch.room));
    entry = watches_.erase(entry);
  }
  return reached;
}

void RoomWatches::forget(std::int32_t partition) {
  std::erase_if(watches_, [&](const auto& entry) { return entry.second.room.partition == partition; });
}

void RoomWatches::keep(const std::set<std::int32_t>& partitions) {
  std::erase_if(watches_,
                [&](const auto& entry) { return !partitions.contains(entry.second.room.partition); });
}

std::optional<RoomWatches::Clock::time_point> RoomWatches::oldest() const {
  std::optional<Clock::time_point> oldest;
  for (const auto& [name, watch] : watches_) oldest = std::min(oldest.value_or(watch.noted), watch.noted);
  return oldest;
}

}  // namespace chat::persister
