// The objects that answer a Socket.IO client's events, in the acks that it asked for (PROTOCOL.md,
// "Socket.IO"). Pure.
#pragma once

#include <nlohmann/json.hpp>

#include "gateway/chat/events.hpp"

namespace chat::gateway::socketio {

/// {epoch, seq}
nlohmann::json object_of(Cursor cursor);

/// {room, epoch, seq, stored, messages, complete, more?}
nlohmann::json object_of(const JoinedEvent& event);

/// {room, messages, more}
nlohmann::json object_of(const HistoryEvent& event);

/// {room}
nlohmann::json object_of(const LeftEvent& event);
nlohmann::json object_of(const TypingTakenEvent& event);

/// {id, room, epoch, seq, duplicate}
nlohmann::json object_of(const AckEvent& event);

/// {code, message, id?, retry_after_ms?}
nlohmann::json object_of(const Rejection& rejection);

}  // namespace chat::gateway::socketio
