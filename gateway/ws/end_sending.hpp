// The orderly end of a connection's sending side.
#pragma once

#include "gateway/loop/task.hpp"
#include "gateway/tls/client_stream.hpp"

namespace chat::gateway::ws {

/// Shuts down the sending side, under TLS after close_notify, and discards the client's input until the
/// client has ended too or an operation on the socket fails. A close with unread input would reset the
/// connection, and the client would lose what it has not read yet. The caller bounds the time by closing the
/// stream, which outlives the task.
loop::Task<void> end_sending(tls::ClientStream& stream);

}  // namespace chat::gateway::ws
