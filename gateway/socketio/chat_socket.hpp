// The chat for one Socket.IO client. The client's events become commands of a session; the session's events
// become Socket.IO events and acks (PROTOCOL.md, "Socket.IO").
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>

#include <nlohmann/json.hpp>

#include "gateway/chat/command_reader.hpp"
#include "gateway/chat/events.hpp"
#include "gateway/chat/session.hpp"
#include "gateway/socketio/recovery.hpp"
#include "gateway/socketio/socket_connection.hpp"

namespace chat::gateway::socketio {

/// On a worker; `services` outlives it. The client joins `general` before it is told that it is connected. A
/// reconnecting client gets the messages that it missed there and is recovered (recovery.hpp). That is
/// impossible if it had joined another room or left `general`: it keeps one offset only, and was then given
/// an empty one.
class ChatSocket final : public SocketHandler, public Outlet {
 public:
  /// `auth` may have the client's `name`, and the `pid` and `offset` to recover from.
  ChatSocket(SessionServices& services, const nlohmann::json& auth);

  void on_open(Socket& socket) override;
  void on_event(const std::string& name, nlohmann::json args, std::optional<std::uint64_t> id) override;
  /// False while the client still gets missed messages: its own join would come between them.
  bool ready_for_message() const override { return !missed_since_ && session_->ready_for_command(); }
  void on_tick(std::chrono::steady_clock::time_point now) override;
  void on_upgraded() override { websocket_ = socket_->websocket(); }
  void on_disconnect() override;

  void deliver(const RoomMessage& message) override;
  std::size_t page_bytes() const override;
  void welcome(const WelcomeEvent&) override {}
  void joined(const JoinedEvent& event) override;
  void history(const HistoryEvent& event) override;
  void left(const LeftEvent& event) override;
  void ack(const AckEvent& event) override;
  void stored(const StoredEvent& event) override;
  void typing(const Delivery<TypingEvent>& delivery, bool is_watching) override;
  bool presence(const Delivery<PresenceEvent>& delivery) override;
  void typing_taken(const TypingTakenEvent& event) override;
  void pong(const PongEvent&) override {}
  void reconnect(const ReconnectEvent& event) override;
  bool obeys_reconnect() const override { return false; }
  void error(const Rejection& rejection) override;
  void resume() override { socket_->resume_reading(); }
  void close() override;

 private:
  /// Without effect unless wants_join_ is set.
  void join_default_room();
  void on_default_room(const ReadReply& page);
  void connect(const ReadReply& page);
  void ask_for_more(Cursor since);
  void end_recoverability();
  /// The cursor from which the client can be recovered; none: it cannot be.
  void tell_offset(std::optional<Cursor> cursor);
  void show(const RoomEntry& entry);
  const ws::FrameRef& frame_of(const RoomMessage& message) const;
  void deliver(const ws::FrameRef& frame);
  /// False if the client does not keep up.
  template <class Event>
  bool tell(const Delivery<Event>& delivery);
  void read_on();
  void join(const JoinCommand& command);
  void run(const CommandOrRejection& read);
  void answer(const RequestId& request, nlohmann::json answer);

  // The members that a delivery touches come first.
  ws::Connection* websocket_ = nullptr;  // deliveries go straight to it; null over polling
  bool is_recoverable_ = true;           // the client is in the default room and in no other

  SessionServices& services_;
  std::unique_ptr<CommandOrRejection> greeting_;  // the name in the client's CONNECT, until on_open()
  const bool had_offset_;
  const std::shared_ptr<Session> session_;
  Socket* socket_ = nullptr;
  std::optional<Recovery> recovery_;
  std::optional<Cursor> missed_since_;  // set while pages of missed messages are still to come
  bool is_connected_ = false;
  bool wants_join_ = true;  // the default room is to be joined, at the next tick at the latest
  /// The numbers of the acks that sends wait for, by message id.
  std::unordered_multimap<std::string, std::uint64_t> wanted_acks_;
  bool is_offset_told_ = false;      // while the present command was handled
  std::set<std::string> half_read_;  // rooms whose join wanted no answer and has more pages
};

}  // namespace chat::gateway::socketio
