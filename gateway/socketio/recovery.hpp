// Connection state recovery of Socket.IO on a room's cursor: what the client keeps as `pid` and `offset`, so
// that any gateway can go on where another one stopped. Pure.
#pragma once

#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "common/wire/cursor.hpp"

namespace chat::gateway::socketio {

/// A message's place as the last argument of its event, which the client gives back as `offset`.
std::string make_offset(Cursor cursor);

/// What a client is told at its connect: its id, and the place in the room from which its messages begin.
std::string make_pid(const std::string& sid, Cursor cursor);

/// A connection that is to be taken up again.
struct Recovery {
  std::string sid;
  std::string pid;
  Cursor since;
};

/// Of the object of a client's CONNECT. None where it is a first connect, where the values are none of ours,
/// or where the client was told that it cannot be recovered (an empty offset).
std::optional<Recovery> read_recovery(const nlohmann::json& auth);

}  // namespace chat::gateway::socketio
