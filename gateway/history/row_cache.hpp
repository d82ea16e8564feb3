// Rows that were read a moment ago, for other clients that reconnect at the same time. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <unordered_map>

#include "common/wire/cursor.hpp"
#include "gateway/history/history.hpp"

namespace chat::gateway {

/// One page a room, for a second; at most 32 rooms, so at most 8 MiB. Rows never change, and only pages in
/// which no number is missing are kept, so that a kept page is as good as a new one. Rows that are deleted
/// meanwhile are shown for that second.
class RowCache {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  void put(const std::string& room, Cursor after, Cursor until, HistoryRows rows, TimePoint now);

  /// What History::read_after would give for these cursors; none if it is not here.
  std::optional<HistoryRows> find(const std::string& room, Cursor after, Cursor until, TimePoint now) const;

 private:
  struct Page {
    Cursor after;
    Cursor until;
    HistoryRows rows;
    TimePoint valid_until;
  };

  std::unordered_map<std::string, Page> pages_;
};

}  // namespace chat::gateway
