// Which records of a partition are looked through.
#pragma once

#include <cstdint>
#include <optional>

#include "common/kafka/log_bounds.hpp"

namespace chat::gateway::lookup {

struct SearchWindow {
  std::int64_t from = 0;
  std::int64_t to = 0;
  bool has_all_unstored = false;  // every record that PostgreSQL may lack is in it
};

/// Pure. At most `max` records. `next_offset`: where PostgreSQL is; `hint`: the offset of the time at which
/// the message was sent. What is not stored yet comes first, then the newest of what is.
SearchWindow search_window(const kafka::LogBounds& bounds, std::optional<std::int64_t> next_offset,
                           std::optional<std::int64_t> hint, std::int64_t max);

}  // namespace chat::gateway::lookup
