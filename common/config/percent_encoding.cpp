#include "common/config/percent_encoding.hpp"

#include <charconv>

namespace chat::config {

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded.push_back(text[i]);
      continue;
    }
    const std::string_view digits = text.substr(i + 1, 2);
    unsigned value = 0;
    const auto [stop, code] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (code != std::errc{} || digits.size() != 2 || stop != digits.data() + 2 || value == 0)
      return std::nullopt;
    decoded.push_back(static_cast<char>(value));
    i += 2;
  }
  return decoded;
}

}  // namespace chat::config
