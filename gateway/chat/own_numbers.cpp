#include "gateway/chat/own_numbers.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace chat::gateway {

/// The first entry that ends at or above the number.
OwnNumbers::Entries::iterator OwnNumbers::first_from(Cursor number) {
  return std::ranges::lower_bound(entries_, number, {}, &OwnNumbers::end_of);
}

void OwnNumbers::accepted(Cursor number, const Uuid& id, TimePoint now) {
  const auto position = first_from(number);
  if (position != entries_.end() && position->epoch == number.epoch && position->first <= number.seq) return;
  entries_.insert(position, {number.epoch, number.seq, number.seq, number.seq, id, now});
  ++waiting_;
  if (entries_.size() > compress_at_) compress();
}

void OwnNumbers::acked(Cursor number) {
  const auto found = first_from(number);
  // A span holds acknowledged numbers only.
  if (found != entries_.end() && end_of(*found) == number) found->is_acked = true;
}

void OwnNumbers::stored(const StoredNumbers& told) {
  mark({told.watermark.epoch, 1, told.watermark.seq});
  for (const NumberRange& range : told.ranges) mark(range);
}

void OwnNumbers::mark(const NumberRange& range) {
  auto entry = first_from({range.epoch, range.first});
  for (; entry != entries_.end() && entry->epoch == range.epoch && entry->first <= range.last; ++entry)
    if (range.first <= entry->next) entry->next = std::max(entry->next, range.last + 1);
}

std::optional<Cursor> OwnNumbers::take_receipt() {
  const auto is_open = [](const Entry& entry) { return !entry.is_acked || !entry.is_stored(); };
  const auto open = std::ranges::find_if(entries_, is_open);
  if (open == entries_.begin()) return std::nullopt;
  for (auto entry = entries_.begin(); entry != open; ++entry) waiting_ -= entry->count;
  highest_ = std::max(highest_, end_of(*std::prev(open)));
  entries_.erase(entries_.begin(), open);
  if (entries_.empty()) {
    entries_ = {};
    compress_at_ = max_entries;
  }
  return highest_;
}

std::vector<OwnNumbers::Unstored> OwnNumbers::unstored(TimePoint until, std::size_t most) const {
  std::vector<Unstored> found;
  for (const Entry& entry : entries_) {
    if (found.size() == most) break;
    if (entry.count > 1 || entry.is_stored() || entry.since > until) continue;
    found.push_back({{entry.epoch, entry.first}, entry.id});
  }
  return found;
}

/// Both must be alike, or what is known about one would be lost: nothing is reported twice.
bool OwnNumbers::can_join(const Entry& a, const Entry& b) {
  return a.epoch == b.epoch && a.is_acked && b.is_acked && a.is_stored() == b.is_stored() &&
         (b.is_stored() || b.next == b.first);
}

void OwnNumbers::compress() {
  auto kept = entries_.begin();
  const auto half = kept + static_cast<std::ptrdiff_t>(entries_.size() / 2);
  for (auto entry = std::next(kept); entry != half; ++entry) {
    if (can_join(*kept, *entry)) {
      if (entry->is_stored()) kept->next = entry->next;
      kept->last = entry->last;
      kept->count += entry->count;
    } else {
      *++kept = *entry;
    }
  }
  entries_.erase(std::next(kept), half);
  // If little could be joined, the next try waits for more numbers.
  compress_at_ = std::max(max_entries, entries_.size() + max_entries / 4);
}

}  // namespace chat::gateway
