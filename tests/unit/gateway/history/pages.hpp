// Pages and rows of a room for tests.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "gateway/history/merge.hpp"

namespace chat::gateway::testing {

inline RoomEntry entry(std::int64_t epoch, std::int64_t seq) {
  return {{epoch, seq}, std::to_string(epoch) + "/" + std::to_string(seq)};
}

/// Numbers `first` to `last` of an epoch.
inline std::vector<RoomEntry> entries(std::int64_t epoch, std::int64_t first, std::int64_t last) {
  std::vector<RoomEntry> made;
  for (std::int64_t seq = first; seq <= last; ++seq) made.push_back(entry(epoch, seq));
  return made;
}

inline std::vector<RoomEntry> operator+(std::vector<RoomEntry> a, const std::vector<RoomEntry>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

inline ReadReply stream(Cursor newest, std::vector<RoomEntry> found) {
  ReadReply reply;
  reply.available = true;
  reply.newest = newest;
  reply.entries = std::move(found);
  reply.same_run = true;
  return reply;
}

inline HistoryRows rows(std::vector<RoomEntry> found) {
  HistoryRows made;
  made.available = true;
  made.entries = std::move(found);
  return made;
}

/// "1/2 1/3 2/1"
inline std::string numbers(const std::vector<RoomEntry>& list) {
  std::string text;
  for (const RoomEntry& each : list)
    text +=
        (text.empty() ? "" : " ") + std::to_string(each.cursor.epoch) + "/" + std::to_string(each.cursor.seq);
  return text;
}

inline constexpr ProvenStored none_stored{false, false};
inline constexpr ProvenStored older_stored{true, false};
inline constexpr ProvenStored all_stored{true, true};

}  // namespace chat::gateway::testing
