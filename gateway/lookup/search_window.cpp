#include "gateway/lookup/search_window.hpp"

#include <algorithm>

namespace chat::gateway::lookup {

SearchWindow search_window(const kafka::LogBounds& bounds, std::optional<std::int64_t> next_offset,
                           std::optional<std::int64_t> hint, std::int64_t max) {
  const std::int64_t first_unstored =
      std::clamp(next_offset.value_or(bounds.start), bounds.start, bounds.end);
  SearchWindow window;
  if (bounds.end - first_unstored <= max)
    window.from = std::max(bounds.start, bounds.end - max);
  else if (hint)
    window.from = std::clamp(*hint, first_unstored, bounds.end);
  else
    window.from = next_offset ? first_unstored : bounds.end - max;
  window.to = std::min(bounds.end, window.from + max);
  window.has_all_unstored = window.from <= first_unstored && window.to == bounds.end;
  return window;
}

}  // namespace chat::gateway::lookup
