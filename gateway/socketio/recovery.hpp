// Socket.IO's connection state recovery by a room's cursor. The client keeps `pid` and `offset`, so any
// gateway can continue the connection of another one. Pure.
#pragma once

#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "common/wire/cursor.hpp"

namespace chat::gateway::socketio {

/// A message's cursor as text. It is the last argument of the message's event, and the client gives it back
/// as `offset`.
std::string make_offset(Cursor cursor);

/// The `pid` that a client gets at its connect: its id, and the cursor behind which its messages begin.
std::string make_pid(const std::string& sid, Cursor cursor);

/// A connection that a client wants to recover.
struct Recovery {
  std::string sid;
  std::string pid;
  Cursor since;
};

/// Reads the object in a client's CONNECT packet. None for a first connect, for values that are not the
/// gateway's, and for a client that was told that it cannot be recovered (an empty offset).
std::optional<Recovery> read_recovery(const nlohmann::json& auth);

}  // namespace chat::gateway::socketio
