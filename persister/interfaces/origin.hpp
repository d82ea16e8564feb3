// Where a record stood, carried in headers by dead letters and by those that are put back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chat::persister {

/// The header of its first position.
inline constexpr const char* origin_header = "origin";

/// The header of a dead letter without its value: "topic/partition/offset, n bytes", where the value is.
inline constexpr const char* value_at_header = "value_at";

/// A position in the topic of the messages, and Kafka's time of the record there in milliseconds since 1970,
/// -1 where it had none.
struct Origin {
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::int64_t timestamp = -1;

  friend bool operator==(const Origin&, const Origin&) = default;
};

/// "partition/offset/timestamp", and back; none for anything else.
std::string to_string(const Origin& origin);
std::optional<Origin> parse_origin(std::string_view text);

}  // namespace chat::persister
