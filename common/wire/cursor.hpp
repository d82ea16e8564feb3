// The place of a message in its room: epoch and seq.
#pragma once

#include <compare>
#include <cstdint>

namespace chat {

/// The largest integer that a JSON number holds exactly, 2^53 - 1; epoch and seq stay at or below it.
inline constexpr std::int64_t max_json_integer = (std::int64_t{1} << 53) - 1;

/// Orders the messages of one room (DESIGN "Numbers"). `seq` is dense from 1 within an epoch; {0, 0} is
/// before everything. Clients treat the pair as opaque.
struct Cursor {
  std::int64_t epoch = 0;
  std::int64_t seq = 0;

  friend auto operator<=>(const Cursor&, const Cursor&) = default;
};

}  // namespace chat
