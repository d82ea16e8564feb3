#include "persister/prune/age.hpp"

#include <charconv>
#include <cstdint>

namespace chat::persister {

std::optional<std::chrono::hours> parse_age(std::string_view text) {
  constexpr std::int64_t max_hours = 36'500 * std::int64_t{24};
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || number < 0 || number > max_hours) return std::nullopt;
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  if (unit == "h") return std::chrono::hours{number};
  if (unit != "d" || number > max_hours / 24) return std::nullopt;
  return std::chrono::hours{number * 24};
}

}  // namespace chat::persister
