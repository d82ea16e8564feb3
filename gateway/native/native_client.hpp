// A client of the native protocol on a WebSocket: joins the connection, the session and the encoding.
#pragma once

#include <memory>

#include "gateway/chat/session.hpp"
#include "gateway/connection/connection.hpp"

namespace chat::gateway {

/// Makes the handler of a native WebSocket; `services` outlives it.
std::unique_ptr<ws::Handler> make_native_client(SessionServices& services);

}  // namespace chat::gateway
