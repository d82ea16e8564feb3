// Reads texts of a fixed form without a JSON parser. Pure.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

#include "common/wire/cursor.hpp"
#include "common/wire/uuid.hpp"

namespace chat {

/// A view of a text from its beginning on. Each function takes what it names off the front, or changes
/// nothing and gives false.
class TextReader {
 public:
  explicit TextReader(std::string_view rest) : rest_(rest) {}

  bool skip(std::string_view expected) {
    if (!rest_.starts_with(expected)) return false;
    rest_.remove_prefix(expected.size());
    return true;
  }

  /// Digits of a number from 0 to max_json_integer.
  bool number(std::int64_t& value) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), number);
    if (error != std::errc{} || number < 0 || number > max_json_integer) return false;
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    value = number;
    return true;
  }

  bool uuid(Uuid& value) {
    constexpr std::size_t length = 36;
    const auto parsed = parse_uuid(rest_.substr(0, length));
    if (!parsed) return false;
    value = *parsed;
    rest_.remove_prefix(length);
    return true;
  }

  bool is_at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

}  // namespace chat
