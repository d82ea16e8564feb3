#include "common/wire/uuid_spelling.hpp"

namespace chat {

UuidSpelling spelling_of(std::string_view text) {
  UuidSpelling spelling;
  unsigned digit = 0;
  for (const char c : text) {
    if (c == '-') continue;
    if (digit == 32) break;
    if (c >= 'A' && c <= 'F') spelling.capitals |= std::uint32_t{1} << digit;
    ++digit;
  }
  return spelling;
}

std::string to_string(const Uuid& id, UuidSpelling spelling) {
  std::string text = to_string(id);
  if (spelling.is_canonical()) return text;
  unsigned digit = 0;
  for (char& c : text) {
    if (c == '-') continue;
    const bool is_capital = (spelling.capitals >> digit++ & 1U) != 0;
    if (is_capital && c >= 'a' && c <= 'f') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

}  // namespace chat
