// Which of a client's WebSocket subprotocols the gateway answers (RFC 6455 section 4.2.2, item 5). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace chat::gateway::http {

/// Chooses from `offered`, the joined value of Sec-WebSocket-Protocol: `spoken` where the client offers it,
/// else the first one, as the reference server of Socket.IO does; browsers drop a connection whose offers
/// were all left unanswered. Empty where nothing is offered; nothing where the list is broken: an element is
/// no token, or comes twice. What follows the first element may be a secret, and is never chosen unless it is
/// `spoken`.
std::optional<std::string> choose_subprotocol(std::string_view offered, std::string_view spoken);

}  // namespace chat::gateway::http
