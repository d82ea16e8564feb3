#include "gateway/chat/join_page.hpp"

#include <algorithm>
#include <string>

#include "gateway/bus/page_limits.hpp"
#include "gateway/chat/page_cut.hpp"

namespace chat::gateway {
bool covers(const std::optional<Cursor>& oldest, const std::optional<Cursor>& since) {
  return oldest && since && oldest->epoch == since->epoch && oldest->seq <= since->seq &&
         since->seq - oldest->seq <= static_cast<std::int64_t>(max_page_entries);
}

bool is_part_of(Cursor since, const ReadReply& page) {
  const bool is_proven = page.complete || page.pruned_to;
  if (!is_proven || since > page.newest) return false;
  return !page.more || since < page.entries.back().cursor;
}

bool goes_on_from(Cursor seen, const ReadReply& page) {
  if (page.entries.empty() || page.newest.epoch != seen.epoch) return false;
  return page.entries.front().cursor <= Cursor{seen.epoch, seen.seq + 1};
}

std::shared_ptr<const ReadReply> part_after(Cursor since, const ReadReply& page) {
  auto part = std::make_shared<ReadReply>(without_entries(page));
  const auto first =
      std::ranges::upper_bound(page.entries, since, {}, [](const RoomEntry& entry) { return entry.cursor; });
  part->entries.assign(first, page.entries.end());
  if (part->pruned_to && since >= *part->pruned_to) {
    part->pruned_to.reset();
    part->complete = true;
  }
  return part;
}

std::shared_ptr<const ReadReply> without_proof(const ReadReply& page, std::optional<Cursor> pruned_to) {
  auto same = std::make_shared<ReadReply>(page);
  same->complete = false;
  if (pruned_to) same->pruned_to = pruned_to;
  return same;
}

std::shared_ptr<const ReadReply> with_more(const ReadReply& page) {
  auto same = std::make_shared<ReadReply>(page);
  same->more = true;
  return same;
}

std::shared_ptr<const ReadReply> with_held(const ReadReply& page, const HeldMessages& held,
                                           std::size_t bytes) {
  auto filled = std::make_shared<ReadReply>(without_entries(page));
  PageFill fill(max_page_entries, bytes);
  for (const RoomMessage& message : held.messages()) {
    if (message.cursor <= page.newest) continue;
    const auto payload = ws::payload_of(message.frame->view());
    if (!fill.take(payload.size() + 1)) break;  // the comma
    filled->entries.push_back({message.cursor, std::string(payload)});
  }
  filled->newest = filled->entries.back().cursor;
  filled->more = true;
  return filled;
}

}  // namespace chat::gateway
