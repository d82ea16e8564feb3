// A Socket.IO client on a WebSocket: joins the connection, the Engine.IO session and the chat.
#pragma once

#include <memory>
#include <optional>

#include "gateway/chat/session.hpp"
#include "gateway/http/answers.hpp"
#include "gateway/http/server.hpp"
#include "gateway/ws/connection.hpp"

namespace chat::gateway {

/// What a request at /socket.io/ is answered that opens no session, as the reference server does: the first
/// fault of transport, session id, method and protocol version; none for the handshake of a WebSocket.
std::optional<http::Answer> refuse_socketio(const http::UpgradeRequest& request);

/// Makes the handler of a WebSocket whose handshake was not refused; `services` outlives it.
std::unique_ptr<ws::Handler> make_socketio_client(SessionServices& services);

}  // namespace chat::gateway
