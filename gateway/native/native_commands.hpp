// Commands from the frames of the native protocol (PROTOCOL.md, "Client to gateway"). Pure.
#pragma once

#include <string_view>

#include "gateway/chat/command_reader.hpp"

namespace chat::gateway::native {

/// Reads one text frame (valid UTF-8). A frame that the protocol does not allow is a rejection with the
/// frame's id, if it has a usable one; also where it stands before a syntax error.
CommandOrRejection parse_command(std::string_view frame);

}  // namespace chat::gateway::native
