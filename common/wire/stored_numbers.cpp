#include "common/wire/stored_numbers.hpp"

#include <algorithm>
#include <functional>

#include "common/base/bug.hpp"
#include "common/wire/text_reader.hpp"

namespace chat {
namespace {

constexpr std::string_view begin_of_stored = R"({"type":"stored","room":")";

bool read_range(TextReader& reader, NumberRange& range) {
  return reader.skip("[") && reader.number(range.epoch) && reader.skip(",") && reader.number(range.first) &&
         reader.skip(",") && reader.number(range.last) && reader.skip("]") && range.first <= range.last;
}

}  // namespace

StoredParts make_stored_parts(std::string_view room, const std::vector<NumberRange>& ranges) {
  CHAT_BUG(std::ranges::adjacent_find(ranges, std::not_fn(is_apart)) != ranges.end(),
           "ranges of numbers touch or do not rise");
  StoredParts parts;
  parts.head.append(begin_of_stored).append(room).append(R"(","epoch":)");
  parts.tail = R"("ranges":[)";
  for (const NumberRange& range : ranges) {
    if (parts.tail.back() != '[') parts.tail += ',';
    parts.tail.append("[").append(std::to_string(range.epoch)).append(",");
    parts.tail.append(std::to_string(range.first)).append(",").append(std::to_string(range.last)).append("]");
  }
  parts.tail += "]}";
  return parts;
}

std::optional<StoredNumbers> parse_stored(std::string_view room, std::string_view text) {
  TextReader reader(text);
  StoredNumbers stored;
  const bool has_head = reader.skip(begin_of_stored) && reader.skip(room) && reader.skip(R"(","epoch":)") &&
                        reader.number(stored.watermark.epoch) && reader.skip(R"(,"seq":)") &&
                        reader.number(stored.watermark.seq) && reader.skip(R"(,"ranges":[)");
  if (!has_head) return std::nullopt;
  while (!reader.skip("]}")) {
    NumberRange range;
    if (!stored.ranges.empty() && !reader.skip(",")) return std::nullopt;
    if (!read_range(reader, range)) return std::nullopt;
    stored.ranges.push_back(range);
  }
  return reader.is_at_end() ? std::optional(std::move(stored)) : std::nullopt;
}

}  // namespace chat
