#include "persister/interfaces/origin.hpp"

#include <charconv>
#include <system_error>

namespace chat::persister {
namespace {

/// Reads a number that ends at `end`, or with the text where that is NUL, and takes both off.
template <class Number>
bool take(std::string_view& text, char end, Number& number) {
  const char* const last = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), last, number);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(rest - text.data()));
  if (end == '\0') return text.empty();
  if (!text.starts_with(end)) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::string to_string(const Origin& origin) {
  return std::to_string(origin.partition) + "/" + std::to_string(origin.offset) + "/" +
         std::to_string(origin.timestamp);
}

std::optional<Origin> parse_origin(std::string_view text) {
  Origin origin;
  const bool is_one = take(text, '/', origin.partition) && take(text, '/', origin.offset) &&
                      take(text, '\0', origin.timestamp);
  if (!is_one || origin.partition < 0 || origin.offset < 0 || origin.timestamp < -1) return std::nullopt;
  return origin;
}

}  // namespace chat::persister
