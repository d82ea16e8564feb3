// The first packet of a session. Pure.
#pragma once

#include <string>

#include "gateway/engineio/engine_settings.hpp"

namespace chat::gateway::engineio {

/// Tells the client its session id, and the times and bounds that it must keep. `can_upgrade`: whether it may
/// upgrade to a WebSocket.
std::string make_open_packet(const std::string& sid, const EngineSettings& settings, bool can_upgrade);

}  // namespace chat::gateway::engineio
