// Message objects and stream entries for the hole finder's tests.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "persister/holes/page.hpp"

namespace chat::persister::test {

inline constexpr std::int64_t epoch = 1'764'000'000'000;

inline std::string message_object(const std::string& room, Cursor cursor, const Uuid& id,
                                  const std::string& text = "hello") {
  return nlohmann::json{{"type", "message"},      {"room", room},        {"epoch", cursor.epoch},
                        {"seq", cursor.seq},      {"id", to_string(id)}, {"sender", "guest-1"},
                        {"sender_name", "Guest"}, {"text", text},        {"sent_at", 1'764'000'000'123}}
      .dump();
}

inline StreamEntry stream_entry(Cursor cursor, const Uuid& id = random_uuid(),
                                const std::string& text = "hello", const std::string& room = "general") {
  return {cursor, message_object(room, cursor, id, text)};
}

inline StreamEntry stream_entry(std::int64_t seq, const Uuid& id = random_uuid()) {
  return stream_entry({epoch, seq}, id);
}

}  // namespace chat::persister::test
