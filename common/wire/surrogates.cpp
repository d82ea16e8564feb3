#include "common/wire/surrogates.hpp"

#include <charconv>
#include <cstddef>
#include <optional>
#include <system_error>

namespace chat {
namespace {

/// The code unit of an escape \uXXXX at `at`; none where there is no such escape.
std::optional<unsigned> escaped_unit(std::string_view text, std::size_t at) {
  if (text.substr(at, 2) != "\\u" || text.size() - at < 6) return std::nullopt;
  unsigned unit = 0;
  const char* const digits = text.data() + at + 2;
  const auto [end, error] = std::from_chars(digits, digits + 4, unit, 16);
  if (error != std::errc{} || end != digits + 4) return std::nullopt;
  return unit;
}

bool is_high_surrogate(unsigned unit) {
  return unit >= 0xD800 && unit <= 0xDBFF;
}
bool is_low_surrogate(unsigned unit) {
  return unit >= 0xDC00 && unit <= 0xDFFF;
}

}  // namespace

std::string without_lone_surrogates(std::string_view json) {
  std::string clean;
  clean.reserve(json.size());
  for (std::size_t i = 0; i < json.size();) {
    std::size_t taken = json[i] == '\\' ? 2 : 1;
    if (const auto unit = escaped_unit(json, i)) {
      taken = 6;
      const bool is_pair =
          is_high_surrogate(*unit) && is_low_surrogate(escaped_unit(json, i + 6).value_or(0));
      if (is_pair) taken = 12;
      if (!is_pair && (is_high_surrogate(*unit) || is_low_surrogate(*unit))) {
        clean += "\\ufffd";
        i += taken;
        continue;
      }
    }
    clean += json.substr(i, taken);
    i += taken;
  }
  return clean;
}

}  // namespace chat
