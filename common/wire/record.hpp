// A message in Kafka: JSON record version 1.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.hpp"
#include "common/wire/cursor.hpp"
#include "common/wire/uuid.hpp"
#include "common/wire/uuid_spelling.hpp"

namespace chat {

/// One accepted message, as Kafka holds it. `sent_at` is in milliseconds since 1970 by the accepting
/// gateway.
struct MessageRecord {
  Uuid id;
  std::string room;
  Cursor cursor;
  std::string sender;
  std::string sender_name;
  std::string text;
  std::int64_t sent_at = 0;
  std::string gateway;
  UuidSpelling id_spelling{};  // the sender's

  friend bool operator==(const MessageRecord&, const MessageRecord&) = default;
};

/// The record as one line of JSON with `v` 1. The strings must be valid UTF-8.
std::string encode_record(const MessageRecord& record);

/// Reads record version 1. The error says which field is missing or wrong, without the text. Everything that
/// PostgreSQL could not hold (bad UTF-8, NUL, numbers out of range) is an error here. Unknown fields are
/// ignored.
Result<MessageRecord> decode_record(std::string_view json);

}  // namespace chat
