#include "persister/pipeline/incoming.hpp"

#include <algorithm>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "common/wire/default_room.hpp"
#include "common/wire/limits.hpp"

namespace chat::persister {
namespace {

// The project's own namespace for names of the form topic/partition/offset. Never to be changed.
constexpr const char* raw_text_space = "7f4eb3e6-1b5f-4d53-9a0c-5c4f6a3d2e18";

// Impossible times are pressed into these bounds: epochs must stay below those of live messages, and above
// the one of rows that were adopted from the previous system's table.
constexpr std::int64_t latest = 99'999'999'999'999;
constexpr std::int64_t first_raw_epoch = 2;

const char* describe(TextFault fault) {
  switch (fault) {
    case TextFault::empty:
      return "it is empty";
    case TextFault::too_long:
      return "the text is longer than 4,000 characters";
    case TextFault::not_utf8:
      return "it is not valid UTF-8";
    case TextFault::has_nul:
      return "the text has a NUL";
    case TextFault::none:
      break;
  }
  return "";
}

/// The text of a value that is not a record of ours; none where it claims to be one.
std::optional<std::string> raw_text_of(const std::string& value) {
  const auto json = nlohmann::json::parse(value, nullptr, false);
  if (!json.is_object()) return value.starts_with('{') ? std::nullopt : std::optional(value);
  if (json.contains("v")) return std::nullopt;
  const auto message = json.find("message");
  if (message == json.end() || !message->is_string()) return std::nullopt;
  return message->get<std::string>();
}

/// Unique for a record among those of its millisecond: 10 bits of milliseconds, 32 of offset, 10 of
/// partition.
Cursor number_of(const Origin& origin) {
  const std::int64_t time = std::clamp<std::int64_t>(origin.timestamp, 0, latest);
  const std::int64_t offset_bits =
      (time % 1000) << 42 | (origin.offset & 0xFFFF'FFFF) << 10 | (origin.partition & 0x3FF);
  return {std::max(time / 1000, first_raw_epoch), first_unnumbered_seq + offset_bits};
}

MessageRecord make_message(std::string text, const Origin& origin, std::string_view topic) {
  static const Uuid space = parse_uuid(raw_text_space).value();
  MessageRecord message;
  message.id = named_uuid(space, std::string(topic) + "/" + std::to_string(origin.partition) + "/" +
                                     std::to_string(origin.offset));
  message.room = default_room;
  message.cursor = number_of(origin);
  message.sender = "unknown";
  message.sender_name = "unknown";
  message.text = std::move(text);
  message.sent_at = std::clamp<std::int64_t>(origin.timestamp, 0, latest);
  return message;
}

}  // namespace

Result<MessageRecord> read_message(const SourceRecord& record, std::string_view topic) {
  auto message = decode_record(record.value);
  if (message) return message;
  auto text = raw_text_of(record.value);
  if (!text) return message;
  const TextFault fault = check_text(*text);
  if (fault != TextFault::none)
    return Error{std::string("the value is neither a record nor a text: ") + describe(fault)};
  return make_message(*std::move(text), origin_of(record), topic);
}

}  // namespace chat::persister
