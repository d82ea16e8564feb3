// What Socket.IO clients are told of a room beside its messages, as whole packets of the main namespace
// (PROTOCOL, Socket.IO). Pure.
#pragma once

#include <string>

#include "gateway/chat/events.hpp"

namespace chat::gateway::socketio {

/// ["typing", {room, user}]
std::string encode(const TypingEvent& event);

/// ["presence", {room, members, joined, left, full?}]
std::string encode(const PresenceEvent& event);

}  // namespace chat::gateway::socketio
