// Serves a connection over HTTP until it upgrades, moves to another worker, or ends.
#pragma once

#include <memory>

#include "gateway/http/server_state.hpp"
#include "gateway/http/transferred_connection.hpp"
#include "gateway/loop/task.hpp"
#include "gateway/tls/client_stream.hpp"

namespace chat::gateway::http {

enum class Admission { welcome, at_capacity };

/// Answers requests, one after the other. Hands an upgraded connection over and ends, so that nothing of the
/// HTTP phase is kept for the WebSocket's life. With at_capacity every request is answered 503.
loop::Task<void> serve_accepted(tls::ClientStream stream, std::shared_ptr<ServerState> state,
                                Admission admission);

/// The same on a connection that another worker accepted. Starts with the request that was read there.
loop::Task<void> serve_transferred(loop::Executor executor, std::shared_ptr<TransferredConnection> connection,
                                   std::shared_ptr<ServerState> state);

}  // namespace chat::gateway::http
