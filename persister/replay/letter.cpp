#include "persister/replay/letter.hpp"

#include <algorithm>
#include <optional>

#include "persister/interfaces/origin.hpp"

namespace chat::persister {
namespace {

std::string_view header(const kafka::ConsumedRecord& letter, std::string_view name) {
  const auto found = std::ranges::find(letter.headers, name, &kafka::Headers::value_type::first);
  return found == letter.headers.end() ? std::string_view{} : std::string_view{found->second};
}

std::string_view or_unknown(std::string_view text) {
  return text.empty() ? "unknown" : text;
}

}  // namespace

std::string_view reason_of(const kafka::ConsumedRecord& letter) {
  return header(letter, "reason");
}

std::string_view value_position_of(const kafka::ConsumedRecord& letter) {
  return header(letter, value_at_header);
}

kafka::Headers headers_for_messages(const kafka::ConsumedRecord& letter) {
  auto origin = parse_origin(header(letter, origin_header));
  if (!origin) {
    const std::string position = std::string(header(letter, "partition")) + "/" +
                                 std::string(header(letter, "offset")) + "/" +
                                 std::to_string(letter.timestamp);
    origin = parse_origin(position);
  }
  if (!origin) return {};
  return {{origin_header, to_string(*origin)}};
}

std::string describe(const kafka::ConsumedRecord& letter) {
  std::string text = "partition ";
  text += or_unknown(header(letter, "partition"));
  text += ", offset ";
  text += or_unknown(header(letter, "offset"));
  text += ": ";
  text += or_unknown(reason_of(letter));
  if (const auto position = value_position_of(letter); !position.empty())
    text += " (without its value, which is at " + std::string(position) + ")";
  return text;
}

}  // namespace chat::persister
