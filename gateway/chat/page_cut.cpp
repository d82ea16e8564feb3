#include "gateway/chat/page_cut.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "gateway/bus/page_limits.hpp"

namespace chat::gateway {
namespace {

constexpr std::size_t reserve_bytes = std::size_t{512} * 1024;

template <class Iterator>
std::ptrdiff_t fitting(std::size_t bytes, Iterator begin, Iterator end) {
  PageFill fill(max_page_entries, bytes);
  const auto first_too_many = std::find_if_not(begin, end, [&](const RoomEntry& entry) {
    return fill.take(entry.message.size() + 1);  // the comma
  });
  return first_too_many - begin;
}

}  // namespace

std::size_t page_bytes_for(std::size_t outbox_free_bytes) {
  return (outbox_free_bytes - std::min(outbox_free_bytes, reserve_bytes)) / 2;
}

ReadReply without_entries(const ReadReply& page) {
  ReadReply head;
  head.available = page.available;
  head.newest = page.newest;
  head.stored = page.stored;
  head.more = page.more;
  head.complete = page.complete;
  head.same_run = page.same_run;
  head.pruned_to = page.pruned_to;
  return head;
}

std::shared_ptr<const ReadReply> cut_to(std::size_t bytes, PageKind kind,
                                        std::shared_ptr<const ReadReply> page) {
  const auto& entries = page->entries;
  if (entries.empty()) return page;
  const std::ptrdiff_t count = kind == PageKind::after ? fitting(bytes, entries.begin(), entries.end())
                                                       : fitting(bytes, entries.rbegin(), entries.rend());
  if (count == std::ssize(entries)) return page;
  auto part = std::make_shared<ReadReply>(without_entries(*page));
  part->more = page->more || kind != PageKind::last;
  if (kind == PageKind::after)
    part->entries.assign(entries.begin(), entries.begin() + count);
  else
    part->entries.assign(entries.end() - count, entries.end());
  // Without its oldest messages the page no longer begins at the floor.
  if (kind != PageKind::after) part->pruned_to.reset();
  return part;
}

}  // namespace chat::gateway
