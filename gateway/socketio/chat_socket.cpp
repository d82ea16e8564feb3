#include "gateway/socketio/chat_socket.hpp"

#include <utility>

#include "common/wire/uuid.hpp"
#include "gateway/chat/error_code.hpp"
#include "gateway/chat/page_cut.hpp"
#include "gateway/chat/session_limits.hpp"
#include "gateway/socketio/ack_objects.hpp"
#include "gateway/socketio/event_commands.hpp"
#include "gateway/socketio/message_event.hpp"
#include "gateway/socketio/room_events.hpp"

namespace chat::gateway::socketio {
namespace {

using nlohmann::json;

/// The id of this object's own joins of the default room. No client can give it: a client's requests have an
/// ack's number or a message's id.
constexpr const char* own_request = "own";

/// Free bytes of the outbox from which on the next page is read.
constexpr std::size_t min_free_bytes_for_page = 512 * 1024;

/// The forms of a message's event.
enum Form : std::size_t { plain, with_offset };

/// Engine.IO's noop for a text that is no message, so that it ends no connection.
ws::FrameBytes event_bytes(std::string_view native_message, std::string_view offset = {}) {
  return ws::encode_frame(ws::Opcode::text, message_event(native_message, offset).value_or("6"));
}

}  // namespace

ChatSocket::ChatSocket(SessionServices& services, const json& auth)
    : services_(services),
      had_offset_(auth.contains("offset")),
      session_(std::make_shared<Session>(services, *this)),
      recovery_(read_recovery(auth)) {
  if (auth.contains("name")) greeting_ = std::make_unique<CommandOrRejection>(CommandReader(auth).hello());
}

void ChatSocket::on_open(Socket& socket) {
  socket_ = &socket;
  websocket_ = socket.websocket();
  services_.metrics.connections_opened.Increment();
  session_->start();
  if (const auto greeting = std::exchange(greeting_, nullptr)) run(*greeting);
  if (recovery_) missed_since_ = recovery_->since;
  join_default_room();
}

void ChatSocket::on_tick(std::chrono::steady_clock::time_point now) {
  session_->tick(now);
  join_default_room();
  if (socket_->outbox_free_bytes() >= min_free_bytes_for_page) read_on();
}

void ChatSocket::join_default_room() {
  if (!std::exchange(wants_join_, false)) return;
  JoinCommand command{own_request, std::string(default_room), missed_since_};
  command.receipts = false;
  session_->handle(command);
}

/// The answer to one of this object's own joins.
void ChatSocket::on_default_room(const ReadReply& page) {
  if (missed_since_ && !page.complete) {
    // The missed messages cannot be read, so the client starts anew and its application learns that.
    if (is_connected_) {
      is_recoverable_ = false;  // later messages must not move the client's offset past the hole
      return socket_->call_later([this] { socket_->close_connection(); });
    }
    recovery_.reset();
    services_.metrics.not_recovered.Increment();
  }
  const std::optional<Cursor> since = std::exchange(missed_since_, std::nullopt);
  if (!recovery_ && page.more) {
    // A new client gets no page. It joins again, at the room's newest number.
    wants_join_ = true;
    return socket_->call_later([this] { join_default_room(); });
  }
  if (!is_connected_) connect(page);
  if (recovery_) {
    for (const RoomEntry& entry : page.entries) show(entry);
    if (page.more) return ask_for_more(page.entries.empty() ? *since : page.entries.back().cursor);
  }
  socket_->resume_reading();
}

void ChatSocket::ask_for_more(Cursor since) {
  missed_since_ = since;
  wants_join_ = true;  // at the next tick, if the client is slow now
  if (socket_->outbox_free_bytes() >= min_free_bytes_for_page)
    socket_->call_later([this] { join_default_room(); });
}

void ChatSocket::connect(const ReadReply& page) {
  is_connected_ = true;
  if (recovery_) {
    services_.metrics.recovered.Increment();
    return socket_->connect(recovery_->sid, {{"pid", recovery_->pid}});
  }
  const std::string sid = to_string(random_uuid(services_.random));
  socket_->connect(sid, {{"pid", make_pid(sid, page.newest)}});
  // Otherwise the client would send the offset of its last connection with the new pid.
  if (had_offset_) tell_offset(page.newest);
}

void ChatSocket::tell_offset(std::optional<Cursor> cursor) {
  socket_->emit(json::array({"offset", cursor ? make_offset(*cursor) : std::string()}));
}

void ChatSocket::show(const RoomEntry& entry) {
  socket_->emit(ws::make_frame(
      event_bytes(entry.message, is_recoverable_ ? make_offset(entry.cursor) : std::string())));
}

void ChatSocket::end_recoverability() {
  if (!std::exchange(is_recoverable_, false)) return;
  tell_offset(std::nullopt);
}

void ChatSocket::on_disconnect() {
  session_->close();
}

void ChatSocket::on_event(const std::string& name, json args, std::optional<std::uint64_t> id) {
  services_.metrics.frames_in.Increment();
  json body = args.empty() ? json::object() : std::move(args[0]);
  if (!body.is_object()) body = json::object();
  const auto read = read_event(name, body, id, services_.random);
  if (const auto* const command = std::get_if<Command>(&read)) {
    if (const auto* const asked = std::get_if<JoinCommand>(command)) return join(*asked);
    if (const auto* const message = std::get_if<SendCommand>(command); message != nullptr && id)
      wanted_acks_.emplace(message->id, *id);
  }
  run(read);
}

void ChatSocket::join(const JoinCommand& command) {
  // The client itself asks for the pages of its join.
  half_read_.erase(command.room);
  is_offset_told_ = false;
  session_->handle(command);
  // While the client reads pages, no single cursor says what it has.
  if (command.room == default_room && is_recoverable_ && !is_offset_told_) tell_offset(std::nullopt);
}

void ChatSocket::run(const CommandOrRejection& read) {
  if (const auto* const rejection = std::get_if<Rejection>(&read)) return session_->reject(*rejection);
  session_->handle(std::get<Command>(read));
}

void ChatSocket::answer(const RequestId& request, json answer) {
  if (!request) return;
  if (const auto* const number = request.number())
    return socket_->acknowledge(*number, json::array({std::move(answer)}));
  const auto found = wanted_acks_.find(*request.text());
  if (found == wanted_acks_.end()) return;
  const std::uint64_t number = found->second;
  wanted_acks_.erase(found);
  socket_->acknowledge(number, json::array({std::move(answer)}));
}

void ChatSocket::deliver(const RoomMessage& message) {
  deliver(frame_of(message));
}

void ChatSocket::deliver(const ws::FrameRef& frame) {
  if (websocket_ != nullptr) return websocket_->deliver(frame);
  socket_->emit(frame);
}

template <class Event>
bool ChatSocket::tell(const Delivery<Event>& delivery) {
  if (socket_->outbox_free_bytes() < min_free_bytes_for_notices) return false;
  deliver(
      delivery.frame(Delivery<Event>::Protocol::socketio, [](const Event& event) { return encode(event); }));
  return true;
}

const ws::FrameRef& ChatSocket::frame_of(const RoomMessage& message) const {
  if (!is_recoverable_) {
    return message.socketio_frame(plain, [](std::string_view native) { return event_bytes(native); });
  }
  return message.socketio_frame(with_offset, [&message](std::string_view native) {
    return event_bytes(native, make_offset(message.cursor));
  });
}

std::size_t ChatSocket::page_bytes() const {
  return page_bytes_for(socket_->outbox_free_bytes());
}

void ChatSocket::joined(const JoinedEvent& event) {
  const ReadReply& page = *event.page;
  if (event.id == own_request) return on_default_room(page);
  // Before the first message of the room.
  if (event.room != default_room) end_recoverability();
  if (event.id) {
    answer(event.id, object_of(event));
  } else {
    // The client wants no answer, so the page's messages are sent as events.
    for (const RoomEntry& entry : page.entries) socket_->emit(ws::make_frame(event_bytes(entry.message)));
    if (page.more) half_read_.insert(event.room);
    if (page.more && socket_->outbox_free_bytes() >= min_free_bytes_for_page)
      socket_->call_later([this] { read_on(); });
  }
  if (event.room != default_room || !is_recoverable_ || page.more) return;
  tell_offset(page.newest);
  is_offset_told_ = true;
}

void ChatSocket::read_on() {
  for (const std::string& room : std::exchange(half_read_, {})) session_->read_on(room);
}

void ChatSocket::history(const HistoryEvent& event) {
  answer(event.id, object_of(event));
}

void ChatSocket::left(const LeftEvent& event) {
  if (event.room == default_room) end_recoverability();
  answer(event.id, object_of(event));
}

void ChatSocket::ack(const AckEvent& event) {
  answer(event.id, object_of(event));
}

void ChatSocket::stored(const StoredEvent& event) {
  json fields = object_of(event.cursor);
  fields["room"] = event.room;
  socket_->emit(json::array({"stored", std::move(fields)}));
}

void ChatSocket::typing(const Delivery<TypingEvent>& delivery, bool is_watching) {
  if (is_watching) tell(delivery);
}

bool ChatSocket::presence(const Delivery<PresenceEvent>& delivery) {
  return tell(delivery);
}

void ChatSocket::typing_taken(const TypingTakenEvent& event) {
  answer(event.id, object_of(event));
}

void ChatSocket::reconnect(const ReconnectEvent& event) {
  if (is_connected_) socket_->emit(json::array({"reconnect", {{"after_ms", event.after_ms}}}));
}

/// Not by a disconnect packet, after which a client does not reconnect. In a later turn, since it ends the
/// session.
void ChatSocket::close() {
  socket_->call_later([this] { socket_->close_connection(); });
}

void ChatSocket::error(const Rejection& rejection) {
  if (rejection.id == own_request) {
    wants_join_ = true;
    return;
  }
  // The offset has not changed, unless this answers a join that the present command overtakes.
  if (rejection.code != ErrorCode::cancelled) is_offset_told_ = true;
  answer(rejection.id, object_of(rejection));
}

}  // namespace chat::gateway::socketio
