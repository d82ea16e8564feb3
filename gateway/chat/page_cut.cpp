#include "gateway/chat/page_cut.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace chat::gateway {
namespace {

template <class Iterator>
std::ptrdiff_t fitting(std::size_t bytes, Iterator begin, Iterator end) {
  std::size_t used = 0;
  const auto first_too_many = std::find_if(begin, end, [&](const RoomEntry& entry) {
    used += entry.message.size() + 1;  // the comma
    return used > bytes;
  });
  return std::max<std::ptrdiff_t>(first_too_many - begin, 1);
}

}  // namespace

std::shared_ptr<const ReadReply> cut_to(std::size_t bytes, PageKind kind,
                                        std::shared_ptr<const ReadReply> page) {
  const auto& entries = page->entries;
  if (entries.empty()) return page;
  const std::ptrdiff_t count = kind == PageKind::after ? fitting(bytes, entries.begin(), entries.end())
                                                       : fitting(bytes, entries.rbegin(), entries.rend());
  if (count == std::ssize(entries)) return page;
  auto part = std::make_shared<ReadReply>();
  part->available = page->available;
  part->newest = page->newest;
  part->stored = page->stored;
  part->more = page->more || kind != PageKind::last;
  part->complete = page->complete;
  part->same_run = page->same_run;
  if (kind == PageKind::after)
    part->entries.assign(entries.begin(), entries.begin() + count);
  else
    part->entries.assign(entries.end() - count, entries.end());
  return part;
}

}  // namespace chat::gateway
