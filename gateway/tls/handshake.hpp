// The TLS handshake of one connection.
#pragma once

#include <optional>

#include "gateway/loop/task.hpp"
#include "gateway/tls/client_stream.hpp"

namespace chat::gateway::tls {

/// Shakes hands on the stream, which has a channel. None: it is done. The caller bounds the time by closing
/// the stream, which gives timeout; it outlives the task.
loop::Task<std::optional<HandshakeFailure>> shake_hands(ClientStream& stream);

}  // namespace chat::gateway::tls
