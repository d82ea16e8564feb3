// A room's events other than messages, as whole Socket.IO packets of the main namespace (PROTOCOL.md,
// "Socket.IO"). Pure.
#pragma once

#include <string>

#include "gateway/chat/events.hpp"

namespace chat::gateway::socketio {

/// ["typing", {room, user}]
std::string encode(const TypingEvent& event);

/// ["presence", {room, members, joined, left, full?}]
std::string encode(const PresenceEvent& event);

}  // namespace chat::gateway::socketio
