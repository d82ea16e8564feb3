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

#include "gateway/engineio/engine_session.hpp"
#include "gateway/socketio/socket_packet.hpp"

namespace chat::gateway::socketio {

/// One client in one namespace. All calls on the session's worker. Calls after the disconnect have no effect.
class Socket {
 public:
  virtual ~Socket() = default;

  /// Lets the client in, once: tells it the socket's id and `fields`. Until then, or until the refusal, the
  /// client's further packets are not read.
  virtual void connect(std::string sid, nlohmann::json fields = nlohmann::json::object()) = 0;

  /// Refuses the client instead, and ends the socket. The connection stays open.
  virtual void refuse(nlohmann::json error) = 0;

  /// `args` is an array whose first element is the event's name. `on_ack` gets the answer of the client's
  /// callback, an array, if one comes.
  using OnAck = std::function<void(nlohmann::json args)>;
  virtual void emit(nlohmann::json args, OnAck on_ack = nullptr) = 0;

  /// A whole packet that is shared with other clients.
  virtual void emit(const ws::FrameRef& event) = 0;

  /// Answers an event that had `id`; `args` is an array.
  virtual void acknowledge(std::uint64_t id, nlohmann::json args) = 0;

  /// Ends this namespace; the connection stays open.
  virtual void disconnect() = 0;

  /// Ends the connection with all its namespaces. The client reconnects by itself.
  virtual void close_connection() = 0;

  /// The handler is ready for messages again.
  virtual void resume_reading() = 0;

  virtual std::size_t outbox_free_bytes() const = 0;

  /// The WebSocket to which frames may be delivered directly; null over polling. SocketHandler::on_upgraded()
  /// says when it changes.
  virtual ws::Connection* websocket() const = 0;

  /// Runs the call in a later turn, unless the socket has ended by then.
  virtual void call_later(std::function<void()> call) = 0;
};

/// The protocol of a namespace for one client. Each call may disconnect.
class SocketHandler {
 public:
  virtual ~SocketHandler() = default;

  /// The client asks to be let in; connect() or refuse() answers, now or later. `socket` outlives the
  /// handler.
  virtual void on_open(Socket& socket) = 0;

  /// `args` are the event's arguments without its name. `id` is set if the client wants an ack.
  virtual void on_event(const std::string& name, nlohmann::json args, std::optional<std::uint64_t> id) = 0;

  virtual bool ready_for_message() const { return true; }

  virtual void on_upgraded() {}

  /// Called once a second.
  virtual void on_tick(std::chrono::steady_clock::time_point now) { static_cast<void>(now); }

  /// The last call, made exactly once after on_open(), but not after a refusal.
  virtual void on_disconnect() = 0;
};

/// Makes the handler of a client in a namespace; null if there is no such namespace. `auth` is the object in
/// the client's CONNECT packet, or an empty one.
using MakeSocketHandler =
    std::function<std::unique_ptr<SocketHandler>(const std::string& nsp, const nlohmann::json& auth)>;

/// Closes the connection in the cases in which the reference server does: after a broken packet, after a
/// packet for a namespace that the client is not in, and if the client is in no namespace `connect_timeout`
/// after the opening.
class SocketConnection final : public engineio::EngineHandler {
 public:
  explicit SocketConnection(MakeSocketHandler make_handler,
                            std::chrono::milliseconds connect_timeout = std::chrono::seconds(45),
                            SocketDecoderLimits limits = {});
  ~SocketConnection() override;

  void on_open(engineio::EngineSession& session, std::chrono::steady_clock::time_point now) override;
  void on_message(std::string_view data, bool binary) override;
  void on_upgraded() override;
  bool ready_for_message() const override;
  std::chrono::steady_clock::time_point deadline() const override { return connect_deadline_; }
  void on_deadline(std::chrono::steady_clock::time_point now) override;
  void on_tick(std::chrono::steady_clock::time_point now) override;
  void on_closed() override;

 private:
  class NamespaceSocket;

  void on_packet(SocketPacket packet);
  void open(const SocketPacket& packet);
  void send(const SocketPacket& packet);
  NamespaceSocket* find(std::string_view nsp) const;
  void remove(const NamespaceSocket& socket);

  const MakeSocketHandler make_handler_;
  const std::chrono::milliseconds connect_timeout_;
  SocketDecoder decoder_;
  engineio::EngineSession* session_ = nullptr;
  std::chrono::steady_clock::time_point connect_deadline_ = std::chrono::steady_clock::time_point::max();
  std::vector<std::shared_ptr<NamespaceSocket>> sockets_;
};

}  // namespace chat::gateway::socketio
