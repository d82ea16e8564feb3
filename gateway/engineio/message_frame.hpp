// WebSocket frames as Engine.IO packets, and the other way round. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "gateway/connection/frame.hpp"
#include "gateway/engineio/engine_packet.hpp"

namespace chat::gateway::engineio {

/// A frame that every transport can send: a message's text frame ("4…"), or a binary one.
ws::FrameRef make_message_frame(std::string_view data, bool binary);

/// The packet of a frame's payload; none for a broken one.
std::optional<EnginePacket> read_frame(std::string_view payload, bool binary);

}  // namespace chat::gateway::engineio
