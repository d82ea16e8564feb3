#include "gateway/history/row_cache.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace chat::gateway {
namespace {

constexpr std::chrono::seconds life{1};
constexpr std::size_t max_rooms = 32;

}  // namespace

void RowCache::put(const std::string& room, Cursor after, Cursor until, HistoryRows rows, TimePoint now) {
  std::erase_if(pages_, [&](const auto& page) { return page.second.valid_until <= now; });
  if (rows.voids.size() > max_page_entries) return;
  const auto found = pages_.find(room);
  if (found == pages_.end() && pages_.size() >= max_rooms) return;
  // The page of the oldest cursor serves most other clients.
  if (found != pages_.end() && found->second.after < after && found->second.until == until) return;
  pages_.insert_or_assign(room, Page{after, until, std::move(rows), now + life});
}

std::optional<HistoryRows> RowCache::find(const std::string& room, Cursor after, Cursor until,
                                          TimePoint now) const {
  const auto found = pages_.find(room);
  if (found == pages_.end() || found->second.valid_until <= now) return std::nullopt;
  const Page& page = found->second;
  if (after < page.after || until != page.until) return std::nullopt;
  const auto& entries = page.rows.entries;
  const auto first =
      std::ranges::upper_bound(entries, after, {}, [](const RoomEntry& entry) { return entry.cursor; });
  if (page.rows.more && first == entries.end()) return std::nullopt;
  HistoryRows rows;
  rows.available = true;
  rows.entries.assign(first, entries.end());
  rows.more = page.rows.more;
  rows.voids = page.rows.voids;
  rows.knows_voids = page.rows.knows_voids;
  return rows;
}

}  // namespace chat::gateway
