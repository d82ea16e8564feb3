// Socket.IO 5 on one Engine.IO session: its namespaces, their events and acks. Knows no clock and no socket.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "gateway/socketio/engine_session.hpp"
#include "gateway/socketio/socket_packet.hpp"

namespace chat::gateway::socketio {

/// One client in one namespace. All calls on the session's worker; without effect after the disconnect.
class Socket {
 public:
  virtual ~Socket() = default;

  virtual const std::string& sid() const = 0;

  /// `args` is an array whose first element is the event's name. `on_ack` is given what the client's callback
  /// answers, if ever it does, as an array.
  using OnAck = std::function<void(nlohmann::json args)>;
  virtual void emit(nlohmann::json args, OnAck on_ack = nullptr) = 0;

  /// A whole packet that was encoded for all who get it (make_event_frame).
  virtual void emit(const ws::FrameRef& event) = 0;

  /// Answers an event that had `id`; `args` is an array.
  virtual void acknowledge(std::uint64_t id, nlohmann::json args) = 0;

  /// Ends this namespace, not the connection.
  virtual void disconnect() = 0;

  /// The handler is ready for messages again.
  virtual void resume_reading() = 0;

  virtual std::size_t outbox_room() const = 0;
};

/// What lives in a namespace for one client. Each call may disconnect.
class SocketHandler {
 public:
  virtual ~SocketHandler() = default;

  /// After the client was told that it is connected; `socket` outlives the handler.
  virtual void on_connect(Socket& socket) = 0;

  /// `args` is what follows the name; `id` where the client wants an ack.
  virtual void on_event(const std::string& name, nlohmann::json args, std::optional<std::uint64_t> id) = 0;

  virtual bool ready_for_message() const { return true; }

  /// At least once a second.
  virtual void on_time(std::chrono::steady_clock::time_point now) { static_cast<void>(now); }

  /// Exactly once after on_connect.
  virtual void on_disconnect() = 0;
};

/// Whether a client may be in a namespace: its handler, or what CONNECT_ERROR says.
struct Admission {
  std::unique_ptr<SocketHandler> handler;
  nlohmann::json reply = nlohmann::json::object();  // further fields beside the sid, or the error's
};

/// `auth` is the client's object, empty where it sent none.
using Admit = std::function<Admission(const std::string& nsp, const nlohmann::json& auth)>;

/// The text frame of an event without binary data, for many clients of the main namespace at once.
ws::FrameRef make_event_frame(const nlohmann::json& args);

/// Ends as the reference server does: a packet that is broken, or for a namespace that the client is not in,
/// closes the connection; so does a client that is in none `connect_timeout` after the opening.
class SocketConnection final : public EngineHandler {
 public:
  /// `make_sid` gives each namespace's socket its id. The time counts from the first on_time().
  SocketConnection(Admit admit, std::function<std::string()> make_sid,
                   std::chrono::milliseconds connect_timeout = std::chrono::seconds(45),
                   SocketDecoderLimits limits = {});
  ~SocketConnection() override;

  void on_open(EngineSession& session) override { session_ = &session; }
  void on_message(std::string_view data, bool binary) override;
  bool ready_for_message() const override;
  void on_time(std::chrono::steady_clock::time_point now) override;
  void on_closed() override;

 private:
  class NamespaceSocket;

  void on_packet(SocketPacket packet);
  void connect(const SocketPacket& packet);
  void send(const SocketPacket& packet);
  NamespaceSocket* find(std::string_view nsp) const;
  void remove(const NamespaceSocket& socket);

  const Admit admit_;
  const std::function<std::string()> make_sid_;
  const std::chrono::milliseconds connect_timeout_;
  SocketDecoder decoder_;
  EngineSession* session_ = nullptr;
  bool has_connected_ = false;
  std::optional<std::chrono::steady_clock::time_point> connect_deadline_;
  std::vector<std::shared_ptr<NamespaceSocket>> sockets_;
};

}  // namespace chat::gateway::socketio
