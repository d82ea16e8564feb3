#include "gateway/socketio/chat_socket.hpp"

#include <charconv>
#include <utility>

#include "common/wire/uuid.hpp"
#include "gateway/chat/commands.hpp"
#include "gateway/chat/error_code.hpp"
#include "gateway/chat/page_cut.hpp"
#include "gateway/chat/session_limits.hpp"
#include "gateway/socketio/message_event.hpp"

namespace chat::gateway::socketio {
namespace {

using nlohmann::json;

/// In front of an ack's number where it is a request's id, so that it is not taken for a message's.
constexpr char ack_mark = '#';

RequestId request_of(std::optional<std::uint64_t> ack) {
  if (!ack) return std::nullopt;
  return ack_mark + std::to_string(*ack);
}

std::optional<std::uint64_t> ack_of(const std::string& request) {
  if (request.empty() || request.front() != ack_mark) return std::nullopt;
  std::uint64_t number = 0;
  std::from_chars(request.data() + 1, request.data() + request.size(), number);
  return number;
}

json cursor_fields(Cursor cursor) {
  return {{"epoch", cursor.epoch}, {"seq", cursor.seq}};
}

json messages_of(const ReadReply& page) {
  json messages = json::array();
  for (const RoomEntry& entry : page.entries) {
    if (const auto argument = message_argument(entry.message)) messages.push_back(json::parse(*argument));
  }
  return messages;
}

ws::FrameBytes event_bytes(std::string_view native_message) {
  return ws::encode_frame(ws::Opcode::text, message_event(native_message).value_or(""));
}

}  // namespace

ChatSocket::ChatSocket(SessionServices& services, const json& auth)
    : services_(services), auth_(auth), session_(std::make_shared<Session>(services, *this)) {}

void ChatSocket::on_connect(Socket& socket) {
  socket_ = &socket;
  services_.metrics.connections_total.Increment();
  session_->start();
  if (const auto name = auth_.find("name"); name != auth_.end()) run({{"type", "hello"}, {"name", *name}});
  run({{"type", "join"}, {"room", default_room}});
}

void ChatSocket::on_disconnect() {
  session_->close();
}

void ChatSocket::on_event(const std::string& name, json args, std::optional<std::uint64_t> id) {
  services_.metrics.frames_in.Increment();
  json body = args.empty() ? json::object() : std::move(args[0]);
  if (!body.is_object()) body = json::object();
  if (name == "event:message") return send(body, id);
  if (name == "join" || name == "leave" || name == "history") return ask(name, std::move(body), id);
  session_->reject({request_of(id), ErrorCode::unknown_type, "the event is unknown", std::nullopt});
}

void ChatSocket::send(const json& body, std::optional<std::uint64_t> id) {
  json frame{{"type", "send"}, {"room", body.value("room", json(default_room))}};
  const auto given = body.find("id");
  frame["id"] = given == body.end() ? json(to_string(random_uuid())) : *given;
  if (const auto text = body.find("message"); text != body.end()) frame["text"] = *text;
  const auto command = read_command(frame);
  if (const auto* rejection = std::get_if<Rejection>(&command))
    return session_->reject({request_of(id), rejection->code, rejection->message, rejection->retry_after_ms});
  if (id) wanted_acks_.emplace(frame["id"].get<std::string>(), *id);
  session_->handle(std::get<Command>(command));
}

void ChatSocket::ask(std::string_view type, json body, std::optional<std::uint64_t> id) {
  body["type"] = type;
  body.erase("id");
  if (id) body["id"] = *request_of(id);
  if (!body.contains("room")) body["room"] = default_room;
  if (type == "join" && body["room"].is_string()) {
    const std::string room = body["room"].get<std::string>();
    const auto receipts = body.find("receipts");
    rooms_with_receipts_.erase(room);
    if (receipts != body.end() && *receipts == true && rooms_with_receipts_.size() < max_rooms_per_session)
      rooms_with_receipts_.insert(room);
  }
  run(body);
}

void ChatSocket::run(const json& frame) {
  const auto command = read_command(frame);
  if (const auto* rejection = std::get_if<Rejection>(&command)) return session_->reject(*rejection);
  session_->handle(std::get<Command>(command));
}

void ChatSocket::answer(const RequestId& request, json answer) {
  if (!request) return;
  if (const auto number = ack_of(*request))
    return socket_->acknowledge(*number, json::array({std::move(answer)}));
  const auto found = wanted_acks_.find(*request);
  if (found == wanted_acks_.end()) return;
  const std::uint64_t number = found->second;
  wanted_acks_.erase(found);
  socket_->acknowledge(number, json::array({std::move(answer)}));
}

void ChatSocket::deliver(const RoomMessage& message) {
  socket_->emit(message.second_by(event_bytes));
}

std::size_t ChatSocket::page_bytes() const {
  return page_bytes_for(socket_->outbox_room());
}

void ChatSocket::joined(const JoinedEvent& event) {
  const ReadReply& page = *event.page;
  if (!event.id) {
    // Nobody listens for the answer, so what it holds comes as what it is.
    for (const RoomEntry& entry : page.entries) socket_->emit(ws::make_frame(event_bytes(entry.message)));
    return;
  }
  json fields = cursor_fields(page.newest);
  fields.update({{"room", event.room},
                 {"stored", cursor_fields(page.stored)},
                 {"messages", messages_of(page)},
                 {"complete", page.complete}});
  if (page.more) fields["more"] = true;
  answer(event.id, std::move(fields));
}

void ChatSocket::history(const HistoryEvent& event) {
  answer(event.id,
         {{"room", event.room}, {"messages", messages_of(*event.page)}, {"more", event.page->more}});
}

void ChatSocket::left(const LeftEvent& event) {
  rooms_with_receipts_.erase(event.room);
  answer(event.id, {{"room", event.room}});
}

void ChatSocket::ack(const AckEvent& event) {
  json fields = cursor_fields(event.cursor);
  fields.update({{"id", event.id}, {"room", event.room}, {"duplicate", event.duplicate}});
  answer(event.id, std::move(fields));
}

void ChatSocket::stored(const StoredEvent& event) {
  if (!rooms_with_receipts_.contains(event.room)) return;
  json fields = cursor_fields(event.cursor);
  fields["room"] = event.room;
  socket_->emit(json::array({"stored", std::move(fields)}));
}

void ChatSocket::reconnect(const ReconnectEvent& event) {
  socket_->emit(json::array({"reconnect", {{"after_ms", event.after_ms}}}));
}

void ChatSocket::error(const Rejection& rejection) {
  json fields{{"code", name(rejection.code)}, {"message", rejection.message}};
  if (rejection.id && !ack_of(*rejection.id)) fields["id"] = *rejection.id;
  if (rejection.retry_after_ms) fields["retry_after_ms"] = *rejection.retry_after_ms;
  answer(rejection.id, std::move(fields));
}

}  // namespace chat::gateway::socketio
