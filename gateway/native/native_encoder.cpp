#include "gateway/native/native_encoder.hpp"

#include <string_view>

#include <nlohmann/json.hpp>

#include "common/wire/limits.hpp"
#include "gateway/chat/session_limits.hpp"

namespace chat::gateway::native {
namespace {

using nlohmann::json;

/// `,"id":…` for the answer to a request with an id.
void append_id(std::string& frame, const RequestId& id) {
  const std::string* const text = id.text();
  if (text == nullptr) return;
  frame += R"(,"id":)";
  frame += json(*text).dump();
}

void append_cursor(std::string& frame, Cursor cursor) {
  frame += R"("epoch":)";
  frame += std::to_string(cursor.epoch);
  frame += R"(,"seq":)";
  frame += std::to_string(cursor.seq);
}

/// Room names need no escaping (is_valid_room).
void append_room(std::string& frame, const std::string& room) {
  frame += R"(,"room":")";
  frame += room;
  frame += '"';
}

std::size_t size_of(const ReadReply& page) {
  std::size_t size = 0;
  for (const RoomEntry& entry : page.entries) size += entry.message.size() + 1;
  return size;
}

void append_messages(std::string& frame, const ReadReply& page) {
  frame += R"("messages":[)";
  for (const RoomEntry& entry : page.entries) {
    if (frame.back() != '[') frame += ',';
    frame += entry.message;
  }
  frame += ']';
}

/// The answer to a request about a room that tells nothing more.
template <class Event>
std::string room_answer(std::string_view type, const Event& event) {
  std::string frame = R"({"type":")";
  frame += type;
  frame += '"';
  append_id(frame, event.id);
  append_room(frame, event.room);
  return frame += '}';
}

}  // namespace

std::string encode(const WelcomeEvent& event) {
  json frame = {{"type", "welcome"},
                {"version", 1},
                {"session", event.session},
                {"gateway", event.gateway},
                {"user", event.user},
                {"limits",
                 {{"text_characters", max_text_characters},
                  {"frame_bytes", max_frame_bytes},
                  {"rooms", max_rooms_per_session},
                  {"history", 100},
                  {"sends_in_flight", max_sends_in_flight}}}};
  if (const auto* id = event.id.text()) frame["id"] = *id;
  return frame.dump();
}

std::string encode(const JoinedEvent& event) {
  const ReadReply& page = *event.page;
  std::string frame;
  frame.reserve(256 + event.room.size() + size_of(page));
  frame += R"({"type":"joined")";
  append_id(frame, event.id);
  append_room(frame, event.room);
  frame += ',';
  append_cursor(frame, page.newest);
  frame += R"(,"stored":{)";
  append_cursor(frame, page.stored);
  frame += "},";
  append_messages(frame, page);
  frame += R"(,"complete":)";
  frame += page.complete ? "true" : "false";
  if (page.more) frame += R"(,"more":true)";
  if (page.pruned_to) frame += R"(,"pruned":true)";
  frame += '}';
  return frame;
}

std::string encode(const HistoryEvent& event) {
  std::string frame;
  frame.reserve(256 + event.room.size() + size_of(*event.page));
  frame += R"({"type":"history")";
  append_id(frame, event.id);
  append_room(frame, event.room);
  frame += ',';
  append_messages(frame, *event.page);
  frame += event.page->more ? R"(,"more":true)" : R"(,"more":false)";
  if (event.page->pruned_to) frame += R"(,"complete":false,"pruned":true)";
  return frame += '}';
}

std::string encode(const LeftEvent& event) {
  return room_answer("left", event);
}

std::string encode(const AckEvent& event) {
  // The id was read as a UUID, so it needs no escaping.
  std::string frame = R"({"type":"ack","id":")";
  frame += event.id;
  frame += '"';
  append_room(frame, event.room);
  frame += ',';
  append_cursor(frame, event.cursor);
  frame += event.duplicate ? R"(,"duplicate":true})" : R"(,"duplicate":false})";
  return frame;
}

std::string encode(const StoredEvent& event) {
  std::string frame = R"({"type":"stored")";
  append_room(frame, event.room);
  frame += ',';
  append_cursor(frame, event.cursor);
  return frame += '}';
}

std::string encode(const TypingEvent& event) {
  return json{{"type", "typing"}, {"room", event.room}, {"user", event.user}}.dump();
}

std::string encode(const TypingTakenEvent& event) {
  return room_answer("typing_taken", event);
}

std::string encode(const PresenceEvent& event) {
  json frame = {{"type", "presence"},
                {"room", event.room},
                {"members", event.members},
                {"joined", event.joined},
                {"left", event.left}};
  if (event.is_full) frame["full"] = true;
  return frame.dump();
}

std::string encode(const PongEvent& event) {
  std::string frame = R"({"type":"pong")";
  append_id(frame, event.id);
  return frame += '}';
}

std::string encode(const ReconnectEvent& event) {
  return R"({"type":"reconnect","after_ms":)" + std::to_string(event.after_ms) + '}';
}

std::string encode(const Rejection& rejection) {
  json frame = {{"type", "error"}, {"code", name(rejection.code)}, {"message", rejection.message}};
  if (const auto* id = rejection.id.text()) frame["id"] = *id;
  if (rejection.retry_after_ms) frame["retry_after_ms"] = *rejection.retry_after_ms;
  return frame.dump();
}

}  // namespace chat::gateway::native
