// Commands from the events of Socket.IO clients (PROTOCOL.md, "Socket.IO"). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "common/base/random.hpp"
#include "common/wire/default_room.hpp"
#include "gateway/chat/command_reader.hpp"

namespace chat::gateway::socketio {

/// Reads one event. `fields` is its first argument, an object. `ack` is the number of the ack that the client
/// wants; it names the request. A message without an id gets one from `random`.
CommandOrRejection read_event(std::string_view event, const nlohmann::json& fields,
                              std::optional<std::uint64_t> ack, Random& random);

}  // namespace chat::gateway::socketio
