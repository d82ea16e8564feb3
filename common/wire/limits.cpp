#include "common/wire/limits.hpp"

#include <algorithm>
#include <cstdint>

namespace chat {
namespace {

bool is_room_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         c == '.' || c == ':';
}

/// The length of the sequence that begins with `lead`, 0 for a byte that cannot begin one.
std::size_t sequence_length(std::uint8_t lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return 2;
  if (lead >= 0xE0 && lead <= 0xEF) return 3;
  if (lead >= 0xF0 && lead <= 0xF4) return 4;
  return 0;
}

/// The second byte's range is narrower after some leads: this excludes overlong forms, surrogates and >
/// U+10FFFF.
bool is_second_byte(std::uint8_t lead, std::uint8_t byte) {
  switch (lead) {
    case 0xE0:
      return byte >= 0xA0 && byte <= 0xBF;
    case 0xED:
      return byte >= 0x80 && byte <= 0x9F;
    case 0xF0:
      return byte >= 0x90 && byte <= 0xBF;
    case 0xF4:
      return byte >= 0x80 && byte <= 0x8F;
    default:
      return byte >= 0x80 && byte <= 0xBF;
  }
}

bool has_control_character(std::string_view utf8) {
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto byte = static_cast<std::uint8_t>(utf8[i]);
    if (byte < 0x20 || byte == 0x7F) return true;
    // U+0080 to U+009F are C2 80 to C2 9F.
    if (byte == 0xC2 && static_cast<std::uint8_t>(utf8[i + 1]) < 0xA0) return true;
  }
  return false;
}

}  // namespace

bool is_valid_room(std::string_view room) {
  return !room.empty() && room.size() <= max_room_length && std::ranges::all_of(room, is_room_character);
}

bool is_valid_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<std::uint8_t>(text[i]);
    const std::size_t length = sequence_length(lead);
    if (length == 0 || text.size() - i < length) return false;
    for (std::size_t k = 1; k < length; ++k) {
      const auto byte = static_cast<std::uint8_t>(text[i + k]);
      const bool ok = k == 1 ? is_second_byte(lead, byte) : byte >= 0x80 && byte <= 0xBF;
      if (!ok) return false;
    }
    i += length;
  }
  return true;
}

std::size_t count_characters(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::ranges::count_if(utf8, [](char c) { return (static_cast<std::uint8_t>(c) & 0xC0) != 0x80; }));
}

TextFault check_text(std::string_view text) {
  if (text.empty()) return TextFault::empty;
  if (!is_valid_utf8(text)) return TextFault::not_utf8;
  if (text.find('\0') != std::string_view::npos) return TextFault::has_nul;
  if (count_characters(text) > max_text_characters) return TextFault::too_long;
  return TextFault::none;
}

bool is_valid_name(std::string_view name) {
  if (name.empty() || !is_valid_utf8(name) || has_control_character(name)) return false;
  return count_characters(name) <= max_name_characters;
}

bool is_valid_request_id(std::string_view id) {
  return is_valid_utf8(id) && count_characters(id) <= max_request_id_characters;
}

}  // namespace chat
