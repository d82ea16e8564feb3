#include "gateway/socketio/socketio_client.hpp"

#include <string>

#include "gateway/socketio/chat_socket.hpp"
#include "gateway/socketio/socket_connection.hpp"

namespace chat::gateway {

std::unique_ptr<engineio::EngineHandler> make_socketio_client(SessionServices& services,
                                                              std::chrono::milliseconds connect_timeout) {
  const auto make_handler = [&services](
                                const std::string& nsp,
                                const nlohmann::json& auth) -> std::unique_ptr<socketio::SocketHandler> {
    if (nsp != "/") return nullptr;
    return std::make_unique<socketio::ChatSocket>(services, auth);
  };
  return std::make_unique<socketio::SocketConnection>(make_handler, connect_timeout);
}

}  // namespace chat::gateway
