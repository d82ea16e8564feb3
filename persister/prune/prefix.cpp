#include "persister/prune/prefix.hpp"

#include <algorithm>
#include <iterator>

namespace chat::persister {

Prefix prefix_of(const std::vector<AgedRow>& rows, std::size_t limit) {
  const auto first_young = std::ranges::find(rows, false, &AgedRow::is_old);
  const auto full = rows.begin() + static_cast<std::ptrdiff_t>(std::min(limit, rows.size()));
  auto end = std::min(first_young, full);
  if (end != rows.end()) {
    const auto begin_of_next = std::ranges::find(rows, end->cursor, &AgedRow::cursor);
    const bool is_all_one = begin_of_next == rows.begin() && end->is_old;
    if (!is_all_one) end = begin_of_next;
  }
  Prefix prefix;
  prefix.is_last = first_young != rows.end() || rows.size() <= limit;
  if (end == rows.begin()) return prefix;
  prefix.floor = std::prev(end)->cursor;
  prefix.rows = static_cast<std::size_t>(end - rows.begin());
  return prefix;
}

}  // namespace chat::persister
