// How a client spelled a UUID: ids are compared as bytes, and given back letter by letter.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/wire/uuid.hpp"

namespace chat {

/// Which of a UUID's 32 digits are capitals, the first one in the lowest bit; 0 is the canonical form. By
/// value.
struct UuidSpelling {
  std::uint32_t capitals = 0;

  bool is_canonical() const { return capitals == 0; }
  friend bool operator==(const UuidSpelling&, const UuidSpelling&) = default;
};

/// The spelling of a text that parse_uuid() takes; of any other one it means nothing.
UuidSpelling spelling_of(std::string_view text);

/// The 36-character form in that spelling: for a text that parse_uuid() takes, the text itself.
std::string to_string(const Uuid& id, UuidSpelling spelling);

}  // namespace chat
