#include "persister/receipts/range_set.hpp"

#include <algorithm>
#include <utility>

#include "common/base/bug.hpp"

namespace chat::persister {

void RangeSet::add(NumberRange range) {
  if (CHAT_BUG(range.first < 1 || range.last < range.first, "a range without a number")) return;
  auto first = ranges_.end();
  if (!ranges_.empty() && !is_apart(ranges_.back(), range))
    first = std::ranges::lower_bound(ranges_, range, is_apart);
  auto last = first;
  while (last != ranges_.end() && !is_apart(range, *last)) {
    range.first = std::min(range.first, last->first);
    range.last = std::max(range.last, last->last);
    ++last;
  }
  if (first == last) {
    first = ranges_.insert(first, range);
  } else {
    *first = range;
    ranges_.erase(first + 1, last);
  }
  expect_apart(static_cast<std::size_t>(first - ranges_.begin()));
}

void RangeSet::expect_apart(std::size_t index) const {
  CHAT_BUG(index > 0 && !is_apart(ranges_[index - 1], ranges_[index]), "a range touches the one before it");
  CHAT_BUG(index + 1 < ranges_.size() && !is_apart(ranges_[index], ranges_[index + 1]),
           "a range touches the next one");
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
