// What a session tells its client, as values. The outlet of each protocol encodes them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/wire/cursor.hpp"
#include "common/wire/uuid.hpp"
#include "gateway/bus/room_store.hpp"
#include "gateway/chat/commands.hpp"
#include "gateway/chat/error_code.hpp"
#include "gateway/connection/frame.hpp"
#include "gateway/connection/lazy_frame.hpp"

namespace chat::gateway {

struct WelcomeEvent {
  RequestId id;  // of the hello that this answers
  std::string session;
  std::string gateway;
  std::string user;
};

/// `page` is shared by all members that joined with the same request; never null.
struct JoinedEvent {
  RequestId id;
  std::string room;
  std::shared_ptr<const ReadReply> page;
};

/// A page of older messages; never null.
struct HistoryEvent {
  RequestId id;
  std::string room;
  std::shared_ptr<const ReadReply> page;
};

struct LeftEvent {
  RequestId id;
  std::string room;
};

struct AckEvent {
  std::string id;
  std::string room;
  Cursor cursor;
  bool duplicate = false;
};

/// PostgreSQL has everything that the session sent to the room up to here.
struct StoredEvent {
  std::string room;
  Cursor cursor;
};

/// A member of the room is typing.
struct TypingEvent {
  std::string room;
  std::string user;
};

/// Which members joined the room and which left since the last event. One name for each member; no names
/// above max_present_names members.
struct PresenceEvent {
  std::string room;
  std::size_t members = 0;
  std::vector<std::string> joined;
  std::vector<std::string> left;
  bool is_full = false;  // `joined` has all present members
};

struct TypingTakenEvent {
  RequestId id;
  std::string room;
};

struct PongEvent {
  RequestId id;
};

struct ReconnectEvent {
  int after_ms = 0;
};

/// A room's message on one worker. All members share its frames.
struct RoomMessage {
  Cursor cursor;
  ws::FrameRef frame;                               // of native clients
  std::shared_ptr<ws::LazyFrame> socketio{};        // of Socket.IO clients, on all workers
  mutable ws::LazyFrameHandles socketio_handles{};  // this worker's handles on it

  /// The frame for Socket.IO clients in one of its forms. `encode` makes its bytes from the native payload.
  template <class Encode>
  const ws::FrameRef& socketio_frame(std::size_t form, Encode&& encode) const {
    return socketio_handles.get(*socketio, form, [&] { return encode(ws::payload_of(frame->view())); });
  }
};

/// An event for many members, encoded once for each protocol. Shared by all workers.
template <class Event>
class Broadcast {
 public:
  explicit Broadcast(Event event) : event_(std::move(event)) {}

  const Event& event() const { return event_; }

 private:
  template <class>
  friend class Delivery;

  const Event event_;
  mutable ws::LazyFrame frames_;
};

/// A broadcast on one worker; the broadcast outlives it.
template <class Event>
class Delivery {
 public:
  enum class Protocol : std::size_t { native, socketio };

  explicit Delivery(const Broadcast<Event>& broadcast) : broadcast_(broadcast) {}

  const Event& event() const { return broadcast_.event_; }

  /// `encode` makes the payload of the event in that protocol.
  template <class Encode>
  const ws::FrameRef& frame(Protocol protocol, Encode&& encode) const {
    return frames_.get(broadcast_.frames_, static_cast<std::size_t>(protocol),
                       [&] { return ws::encode_frame(ws::Opcode::text, encode(broadcast_.event_)); });
  }

 private:
  const Broadcast<Event>& broadcast_;
  mutable ws::LazyFrameHandles frames_;
};

/// Goes to all members but those of one session. Shared by all workers.
struct Typing {
  Typing(std::uint64_t of_session, TypingEvent event) : session(of_session), broadcast(std::move(event)) {}

  std::uint64_t session;
  Broadcast<TypingEvent> broadcast;
};

/// A change of the members that are present. Shared by all workers.
struct Presence {
  Presence(PresenceEvent changed, PresenceEvent whole) : change(std::move(changed)), all(std::move(whole)) {}

  Broadcast<PresenceEvent> change;  // for members that got the previous one
  Broadcast<PresenceEvent> all;     // for members that got none yet
};

/// A client's transport and encoding. All calls are on the session's worker. No call destroys the session or
/// calls back into it. Calls after the transport closed have no effect.
class Outlet {
 public:
  virtual ~Outlet() = default;
  virtual void deliver(const RoomMessage& message) = 0;
  /// How many bytes of messages a page may have now without filling the client's outbox. A client that asks
  /// for pages of many rooms at once gets shorter ones (page_cut.hpp), and asks for more as it reads them.
  virtual std::size_t page_bytes() const = 0;
  virtual void welcome(const WelcomeEvent& event) = 0;
  virtual void joined(const JoinedEvent& event) = 0;
  virtual void history(const HistoryEvent& event) = 0;
  virtual void left(const LeftEvent& event) = 0;
  virtual void ack(const AckEvent& event) = 0;
  virtual void stored(const StoredEvent& event) = 0;
  /// `is_watching`: the client asked for presence. May be dropped if the client does not keep up.
  virtual void typing(const Delivery<TypingEvent>& delivery, bool is_watching) = 0;
  /// False if the client does not keep up: it got nothing, and is owed the whole presence later.
  virtual bool presence(const Delivery<PresenceEvent>& delivery) = 0;
  /// The client's typing frame was accepted, whether or not it is passed on.
  virtual void typing_taken(const TypingTakenEvent& event) = 0;
  virtual void pong(const PongEvent& event) = 0;
  virtual void reconnect(const ReconnectEvent& event) = 0;
  /// Whether the client leaves by itself at the time that `reconnect` names. Others reconnect only once their
  /// connection ends.
  virtual bool obeys_reconnect() const = 0;
  virtual void error(const Rejection& rejection) = 0;
  /// The session takes commands again (Session::ready_for_command).
  virtual void resume() = 0;
  /// Ends the connection in a way after which the client reconnects, behind all that it was sent.
  virtual void close() = 0;
};

}  // namespace chat::gateway
