// The orderly end of a connection's sending side.
#pragma once

#include "gateway/loop/task.hpp"

namespace chat::gateway::ws {

/// Says that nothing more comes and throws away what the other end still sends, until it has ended too or an
/// operation on the socket fails: closing on unread input would reset the connection, and with it what the
/// client has not read yet. The caller bounds the time by cancelling or closing the socket, which outlives
/// the task.
loop::Task<void> end_sending(loop::Socket& socket);

}  // namespace chat::gateway::ws
