// The orderly end of a connection's sending side.
#pragma once

#include "gateway/loop/task.hpp"

namespace chat::gateway::ws {

/// Shuts down the sending side and discards the client's input until the client has ended too or an operation
/// on the socket fails. A close with unread input would reset the connection, and the client would lose what
/// it has not read yet. The caller bounds the time by closing the socket, which outlives the task.
loop::Task<void> end_sending(loop::Socket& socket);

}  // namespace chat::gateway::ws
