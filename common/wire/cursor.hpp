// The position of a message in its room: epoch and seq.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chat {

/// The largest integer that a JSON number holds exactly, 2^53 - 1; epoch and seq stay at or below it.
inline constexpr std::int64_t max_json_integer = (std::int64_t{1} << 53) - 1;

/// Orders the messages of one room (ARCHITECTURE.md, Numbers). `seq` is dense from 1 within an epoch; {0, 0}
/// is before everything. Clients treat the pair as opaque.
struct Cursor {
  std::int64_t epoch = 0;
  std::int64_t seq = 0;

  friend auto operator<=>(const Cursor&, const Cursor&) = default;
};

/// `<epoch>-<seq>`, which is also the id of the message's stream entry in Redis.
std::string to_string(Cursor cursor);

/// None for anything else than two numbers from 0 to max_json_integer in that form.
std::optional<Cursor> parse_cursor(std::string_view text);

/// Messages of the previous system have no dense numbers: their seq holds time and offset, and their epoch is
/// below every live one, which a clock gave in milliseconds (10^12 is the year 2001).
inline constexpr std::int64_t first_live_epoch = 1'000'000'000'000;
inline constexpr std::int64_t first_unnumbered_seq = std::int64_t{1} << 52;
constexpr bool is_unnumbered(Cursor cursor) {
  return cursor.epoch < first_live_epoch && cursor.seq >= first_unnumbered_seq;
}

}  // namespace chat
