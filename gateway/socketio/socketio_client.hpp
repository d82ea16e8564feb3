// What lives on an Engine.IO session of the gateway: Socket.IO with the chat as its main namespace.
#pragma once

#include <chrono>
#include <memory>

#include "gateway/chat/session.hpp"
#include "gateway/engineio/engine_session.hpp"

namespace chat::gateway {

/// `services` outlives it. A client that is in no namespace `connect_timeout` after the opening is cut.
std::unique_ptr<engineio::EngineHandler> make_socketio_client(SessionServices& services,
                                                              std::chrono::milliseconds connect_timeout);

}  // namespace chat::gateway
