#include "persister/receipts/range_set.hpp"

#include <algorithm>
#include <utility>

namespace chat::persister {
namespace {

/// Whether `earlier` ends where no number is left in front of `later`'s first.
bool ends_before(const NumberRange& earlier, const NumberRange& later) {
  return earlier.epoch < later.epoch || (earlier.epoch == later.epoch && earlier.last + 1 < later.first);
}

}  // namespace

void RangeSet::add(NumberRange range) {
  auto first = ranges_.end();
  if (!ranges_.empty() && !ends_before(ranges_.back(), range))
    first = std::ranges::lower_bound(ranges_, range, ends_before);
  auto last = first;
  while (last != ranges_.end() && !ends_before(range, *last)) {
    range.first = std::min(range.first, last->first);
    range.last = std::max(range.last, last->last);
    ++last;
  }
  if (first == last) {
    ranges_.insert(first, range);
    return;
  }
  *first = range;
  ranges_.erase(first + 1, last);
}

void RangeSet::remove_up_to(Cursor last) {
  const auto is_above = [&](const NumberRange& range) { return Cursor{range.epoch, range.last} > last; };
  ranges_.erase(ranges_.begin(), std::ranges::find_if(ranges_, is_above));
  if (!ranges_.empty() && ranges_.front().contains(last)) ranges_.front().first = last.seq + 1;
}

void RangeSet::keep_highest(std::size_t count) {
  if (ranges_.size() > count)
    ranges_.erase(ranges_.begin(), ranges_.end() - static_cast<std::ptrdiff_t>(count));
}

std::vector<NumberRange> RangeSet::take() {
  return std::exchange(ranges_, {});
}

}  // namespace chat::persister
