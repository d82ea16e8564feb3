// What PROTOCOL.md allows in names, ids and texts, as pure checks.
#pragma once

#include <cstddef>
#include <string_view>

namespace chat {

inline constexpr std::size_t max_room_length = 128;
inline constexpr std::size_t max_text_characters = 4000;
inline constexpr std::size_t max_name_characters = 64;
inline constexpr std::size_t max_request_id_characters = 64;

/// 1 to 128 characters of A-Z a-z 0-9 _ - . : (PROTOCOL.md). Such a name needs no escaping in JSON.
bool is_valid_room(std::string_view room);

/// Whether the bytes are UTF-8 without overlong forms, surrogates or values over U+10FFFF (RFC 3629).
bool is_valid_utf8(std::string_view text);

/// Unicode characters (code points) of valid UTF-8.
std::size_t count_characters(std::string_view utf8);

enum class TextFault { none, empty, too_long, not_utf8, has_nul };

/// A message's text: 1 to 4,000 characters, UTF-8, no NUL, which PostgreSQL cannot hold.
TextFault check_text(std::string_view text);

/// A sender's name: 1 to 64 characters, UTF-8, no control characters (C0, DEL, C1).
bool is_valid_name(std::string_view name);

/// A request's id: at most 64 characters of UTF-8.
bool is_valid_request_id(std::string_view id);

}  // namespace chat
