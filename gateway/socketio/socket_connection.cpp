#include "gateway/socketio/socket_connection.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "gateway/engineio/message_frame.hpp"

namespace chat::gateway::socketio {
namespace {

using nlohmann::json;

/// Each namespace costs a handler. The reference server has no bound.
constexpr std::size_t max_namespaces = 16;

/// Acks that a client owes in one namespace. For a further one, the oldest is forgotten.
constexpr std::size_t max_awaited_acks = 256;

}  // namespace

class SocketConnection::NamespaceSocket final : public Socket,
                                                public std::enable_shared_from_this<NamespaceSocket> {
 public:
  NamespaceSocket(SocketConnection& connection, std::string nsp, std::unique_ptr<SocketHandler> handler)
      : session_(connection.session_),
        connection_(&connection),
        nsp_(std::move(nsp)),
        handler_(std::move(handler)) {}

  const std::string& nsp() const { return nsp_; }
  SocketHandler& handler() { return *handler_; }
  bool ready_for_message() const { return is_connected_ && handler_->ready_for_message(); }

  void connect(std::string sid, json fields) override {
    if (connection_ == nullptr || is_connected_) return;
    is_connected_ = true;
    connection_->connect_deadline_ = std::chrono::steady_clock::time_point::max();
    fields["sid"] = std::move(sid);
    send({SocketType::connect, nsp_, std::nullopt, std::move(fields)});
    resume_reading();
  }
  void refuse(json error) override {
    if (connection_ == nullptr || is_connected_) return;
    const auto alive = shared_from_this();
    SocketConnection* const connection = std::exchange(connection_, nullptr);
    connection->remove(*this);
    connection->send({SocketType::connect_error, nsp_, std::nullopt, std::move(error)});
    connection->session_->resume_reading();
  }

  void emit(json args, OnAck on_ack) override {
    std::optional<std::uint64_t> id;
    if (on_ack) {
      if (awaited_.size() == max_awaited_acks) awaited_.erase(awaited_.begin());
      id = next_ack_++;
      awaited_.emplace(*id, std::move(on_ack));
    }
    send({SocketType::event, nsp_, id, std::move(args)});
  }
  void emit(const ws::FrameRef& event) override {
    if (connection_ != nullptr) session_->send(event);
  }
  void acknowledge(std::uint64_t id, json args) override {
    send({SocketType::ack, nsp_, id, std::move(args)});
  }
  void disconnect() override {
    const auto alive = shared_from_this();
    send({SocketType::disconnect, nsp_, std::nullopt, {}});
    leave();
  }

  void close_connection() override {
    if (connection_ != nullptr) session_->close();
  }

  void resume_reading() override {
    if (connection_ != nullptr) session_->resume_reading();
  }
  std::size_t outbox_free_bytes() const override {
    return connection_ == nullptr ? 0 : session_->outbox_free_bytes();
  }

  ws::Connection* websocket() const override { return session_->websocket(); }

  void call_later(std::function<void()> call) override {
    if (connection_ == nullptr) return;
    session_->call_later([self = weak_from_this(), call = std::move(call)] {
      const auto socket = self.lock();
      if (socket && socket->connection_ != nullptr) call();
    });
  }

  void on_ack(const SocketPacket& packet) {
    const auto found = packet.id ? awaited_.find(*packet.id) : awaited_.end();
    if (found == awaited_.end()) return;
    const OnAck on_ack = std::move(found->second);
    awaited_.erase(found);
    on_ack(packet.data);
  }

  /// Ends the socket without telling the client.
  void leave() {
    SocketConnection* const connection = std::exchange(connection_, nullptr);
    if (connection == nullptr) return;
    const auto alive = shared_from_this();
    connection->remove(*this);
    handler_->on_disconnect();
    if (!session_->is_closed()) session_->resume_reading();  // it may have been the socket that was not ready
  }

 private:
  void send(const SocketPacket& packet) {
    if (connection_ != nullptr) connection_->send(packet);
  }

  // The members that a delivery touches come first.
  engineio::EngineSession* const session_;
  SocketConnection* connection_;
  const std::string nsp_;
  const std::unique_ptr<SocketHandler> handler_;
  bool is_connected_ = false;
  std::uint64_t next_ack_ = 0;
  std::map<std::uint64_t, OnAck> awaited_;
};

SocketConnection::SocketConnection(MakeSocketHandler make_handler, std::chrono::milliseconds connect_timeout,
                                   SocketDecoderLimits limits)
    : make_handler_(std::move(make_handler)), connect_timeout_(connect_timeout), decoder_(limits) {}

SocketConnection::~SocketConnection() {
  on_closed();
}

void SocketConnection::on_open(engineio::EngineSession& session, std::chrono::steady_clock::time_point now) {
  session_ = &session;
  connect_deadline_ = now + connect_timeout_;
}

void SocketConnection::on_message(std::string_view data, bool binary) {
  switch (binary ? decoder_.add_binary(data) : decoder_.add_text(data)) {
    case SocketDecoder::Outcome::needs_attachments:
      return;
    case SocketDecoder::Outcome::packet:
      return on_packet(decoder_.take());
    case SocketDecoder::Outcome::failed:
      return session_->fail();
  }
}

void SocketConnection::on_packet(SocketPacket packet) {
  NamespaceSocket* const found = find(packet.nsp);
  if (found == nullptr && packet.type == SocketType::connect) return open(packet);
  if (found == nullptr) return session_->fail();
  const auto socket = found->shared_from_this();
  switch (packet.type) {
    case SocketType::event: {
      const json name = packet.data[0];
      packet.data.erase(0);
      return socket->handler().on_event(name.is_string() ? name.get<std::string>() : name.dump(),
                                        std::move(packet.data), packet.id);
    }
    case SocketType::ack:
      return socket->on_ack(packet);
    case SocketType::disconnect:
      return socket->leave();
    default:
      return session_->fail();
  }
}

void SocketConnection::open(const SocketPacket& packet) {
  // A query after the name is not part of the name.
  const std::string nsp = packet.nsp.substr(0, packet.nsp.find('?'));
  if (sockets_.size() == max_namespaces) return session_->fail();
  auto handler = make_handler_(nsp, packet.data.is_null() ? json::object() : packet.data);
  if (!handler) {
    return send({SocketType::connect_error, nsp, std::nullopt, {{"message", "Invalid namespace"}}});
  }
  const auto socket = std::make_shared<NamespaceSocket>(*this, nsp, std::move(handler));
  sockets_.push_back(socket);
  socket->handler().on_open(*socket);
}

void SocketConnection::send(const SocketPacket& packet) {
  const EncodedSocketPacket encoded = encode_socket_packet(packet);
  session_->send(engineio::make_message_frame(encoded.text, false));
  for (const std::string& attachment : encoded.attachments)
    session_->send(engineio::make_message_frame(attachment, true));
}

void SocketConnection::on_upgraded() {
  const auto sockets = sockets_;
  for (const auto& socket : sockets) socket->handler().on_upgraded();
}

bool SocketConnection::ready_for_message() const {
  return std::ranges::all_of(sockets_, [](const auto& socket) { return socket->ready_for_message(); });
}

void SocketConnection::on_closed() {
  while (!sockets_.empty()) {
    const auto socket = sockets_.back();
    socket->leave();
  }
}

void SocketConnection::on_tick(std::chrono::steady_clock::time_point now) {
  const auto sockets = sockets_;
  for (const auto& socket : sockets) socket->handler().on_tick(now);
}

void SocketConnection::on_deadline(std::chrono::steady_clock::time_point now) {
  if (now < connect_deadline_) return;
  connect_deadline_ = std::chrono::steady_clock::time_point::max();
  session_->close();
}

SocketConnection::NamespaceSocket* SocketConnection::find(std::string_view nsp) const {
  const auto found = std::ranges::find_if(sockets_, [&](const auto& socket) { return socket->nsp() == nsp; });
  return found == sockets_.end() ? nullptr : found->get();
}

void SocketConnection::remove(const NamespaceSocket& socket) {
  std::erase_if(sockets_, [&](const auto& each) { return each.get() == &socket; });
}

}  // namespace chat::gateway::socketio
