// Socket.IO on the gateway's Engine.IO sessions, with the chat as its main namespace.
#pragma once

#include <chrono>
#include <memory>

#include "gateway/chat/session.hpp"
#include "gateway/engineio/engine_session.hpp"

namespace chat::gateway {

/// `services` outlives the result. A client that is in no namespace `connect_timeout` after the opening is
/// closed.
std::unique_ptr<engineio::EngineHandler> make_socketio_client(SessionServices& services,
                                                              std::chrono::milliseconds connect_timeout);

}  // namespace chat::gateway
