// The event that Socket.IO clients get for a message, made from the text that native clients get. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace chat::gateway::socketio {

/// Makes the event's object {message, id, room, epoch, seq, sender, sender_name, sent_at} (PROTOCOL.md,
/// "Socket.IO") from a message object as gateway/bus/publication makes it. None for any other text.
std::optional<std::string> message_argument(std::string_view message);

/// The whole packet, `["message", {…}]` as an event of the main namespace. An `offset` that is not empty
/// (digits and -) follows the object. None for any other text.
std::optional<std::string> message_event(std::string_view message, std::string_view offset = {});

}  // namespace chat::gateway::socketio
