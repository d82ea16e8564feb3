// Records and rows for the persister's tests.
#pragma once

#include <string>

#include "common/wire/record.hpp"
#include "persister/interfaces/store.hpp"

namespace chat::persister::test {

inline MessageRecord make_message(const std::string& text = "hello", const std::string& room = "general") {
  MessageRecord message;
  message.id = random_uuid();
  message.room = room;
  message.cursor = {1'764'000'000'000, 1};
  message.sender = "guest-1";
  message.sender_name = "Guest One";
  message.text = text;
  message.sent_at = 1'764'000'000'123;
  message.gateway = "gateway-1";
  return message;
}

inline SourceRecord make_record(const MessageRecord& message, std::int32_t partition, std::int64_t offset) {
  return {partition, offset, message.room, encode_record(message)};
}

inline SourceRecord make_record(std::int32_t partition, std::int64_t offset,
                                const std::string& text = "hello") {
  return make_record(make_message(text), partition, offset);
}

inline Row make_row(const MessageRecord& message, std::int32_t partition, std::int64_t offset) {
  return {make_record(message, partition, offset), message};
}

inline Row make_row(std::int32_t partition, std::int64_t offset, const std::string& text = "hello") {
  return make_row(make_message(text), partition, offset);
}

}  // namespace chat::persister::test
