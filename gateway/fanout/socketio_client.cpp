#include "gateway/fanout/socketio_client.hpp"

#include <string>
#include <string_view>
#include <utility>

#include "common/wire/uuid.hpp"
#include "gateway/socketio/chat_socket.hpp"
#include "gateway/socketio/engine_session.hpp"
#include "gateway/socketio/socket_connection.hpp"

namespace chat::gateway {
namespace {

using Clock = std::chrono::steady_clock;

socketio::Admission admit(SessionServices& services, const std::string& nsp, const nlohmann::json& auth) {
  if (nsp == "/") return {std::make_unique<socketio::ChatSocket>(services, auth)};
  return {nullptr, {{"message", "Invalid namespace"}}};
}

std::string random_id() {
  return to_string(random_uuid());
}

std::shared_ptr<socketio::EngineSession> make_session(SessionServices& services) {
  auto connection = std::make_unique<socketio::SocketConnection>(
      [&services](const std::string& nsp, const nlohmann::json& auth) { return admit(services, nsp, auth); },
      random_id);
  return std::make_shared<socketio::EngineSession>(services.gateway + "~" + random_id(),
                                                   socketio::EngineSettings{}, std::move(connection));
}

class SocketIoClient final : public ws::Handler {
 public:
  explicit SocketIoClient(SessionServices& services) : session_(make_session(services)) {}

  void on_open(ws::Connection& connection) override {
    connection_ = &connection;
    session_->open_socket(connection, Clock::now());
  }
  void on_message(ws::Opcode opcode, std::string_view payload) override {
    session_->on_frame(*connection_, payload, opcode == ws::Opcode::binary, Clock::now());
  }
  std::size_t max_message_bytes() const override { return socketio::EngineSettings{}.max_payload; }
  bool ready_for_message() const override { return session_->ready_for_message(); }
  void on_tick(Clock::time_point now) override { session_->on_time(now); }
  void on_closed() override { session_->on_socket_closed(*connection_); }

 private:
  const std::shared_ptr<socketio::EngineSession> session_;
  ws::Connection* connection_ = nullptr;
};

/// The first value of a query's parameter; empty where it is missing.
std::string_view parameter(std::string_view target, std::string_view name) {
  std::size_t at = target.find('?');
  while (at != std::string_view::npos) {
    const std::size_t end = target.find('&', at + 1);
    const std::string_view pair = target.substr(at + 1, end == std::string_view::npos ? end : end - at - 1);
    const std::size_t equals = pair.find('=');
    if (pair.substr(0, equals) == name)
      return equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1);
    at = end;
  }
  return {};
}

http::Answer refusal(std::string_view body) {
  return {400, {}, body, false, "application/json"};
}

}  // namespace

std::optional<http::Answer> refuse_socketio(const http::UpgradeRequest& request) {
  if (parameter(request.target, "transport") != "websocket")
    return refusal(R"({"code":0,"message":"Transport unknown"})");
  if (!parameter(request.target, "sid").empty())
    return refusal(R"({"code":1,"message":"Session ID unknown"})");
  if (!request.is_get) return refusal(R"({"code":2,"message":"Bad handshake method"})");
  if (!request.wants_upgrade) return refusal(R"({"code":3,"message":"Bad request"})");
  if (parameter(request.target, "EIO") != "4")
    return refusal(R"({"code":5,"message":"Unsupported protocol version"})");
  return std::nullopt;
}

std::unique_ptr<ws::Handler> make_socketio_client(SessionServices& services) {
  return std::make_unique<SocketIoClient>(services);
}

}  // namespace chat::gateway
