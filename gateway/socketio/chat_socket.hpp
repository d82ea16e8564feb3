// The chat for one Socket.IO client: its events are a session's commands, and what the session tells becomes
// events and acks (PROTOCOL, Socket.IO).
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>

#include <nlohmann/json.hpp>

#include "gateway/chat/events.hpp"
#include "gateway/chat/session.hpp"
#include "gateway/socketio/socket_connection.hpp"

namespace chat::gateway::socketio {

/// The room of a client that names none.
inline constexpr std::string_view default_room = "general";

/// On a worker; `services` outlives it. The client is in `general` from its connect on.
class ChatSocket final : public SocketHandler, public Outlet {
 public:
  /// `auth` may have the client's `name`.
  ChatSocket(SessionServices& services, const nlohmann::json& auth);

  void on_connect(Socket& socket) override;
  void on_event(const std::string& name, nlohmann::json args, std::optional<std::uint64_t> id) override;
  bool ready_for_message() const override { return session_->ready_for_command(); }
  void on_time(std::chrono::steady_clock::time_point now) override { session_->tick(now); }
  void on_disconnect() override;

  void deliver(const RoomMessage& message) override;
  std::size_t page_bytes() const override;
  void welcome(const WelcomeEvent&) override {}
  void joined(const JoinedEvent& event) override;
  void history(const HistoryEvent& event) override;
  void left(const LeftEvent& event) override;
  void ack(const AckEvent& event) override;
  void stored(const StoredEvent& event) override;
  void pong(const PongEvent&) override {}
  void reconnect(const ReconnectEvent& event) override;
  void error(const Rejection& rejection) override;
  void resume() override { socket_->resume_reading(); }

 private:
  void send(const nlohmann::json& body, std::optional<std::uint64_t> id);
  void ask(std::string_view type, nlohmann::json body, std::optional<std::uint64_t> id);
  void run(const nlohmann::json& frame);
  void answer(const RequestId& request, nlohmann::json answer);

  SessionServices& services_;
  const nlohmann::json auth_;
  const std::shared_ptr<Session> session_;
  Socket* socket_ = nullptr;
  /// The acks that senders want, by their messages' ids.
  std::unordered_multimap<std::string, std::uint64_t> wanted_acks_;
  std::set<std::string, std::less<>> rooms_with_receipts_;
};

}  // namespace chat::gateway::socketio
