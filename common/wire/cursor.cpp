#include "common/wire/cursor.hpp"

#include "common/wire/text_reader.hpp"

namespace chat {

std::string to_string(Cursor cursor) {
  return std::to_string(cursor.epoch) + "-" + std::to_string(cursor.seq);
}

std::optional<Cursor> parse_cursor(std::string_view text) {
  Cursor cursor;
  TextReader reader(text);
  const bool is_cursor = reader.number(cursor.epoch) && reader.skip("-") && reader.number(cursor.seq);
  return is_cursor && reader.is_at_end() ? std::optional(cursor) : std::nullopt;
}

}  // namespace chat
