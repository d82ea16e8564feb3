// Which of a client's WebSocket subprotocols the gateway answers (RFC 6455 section 4.2.2, item 5). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace chat::gateway::http {

/// Chooses from `offered`, the joined value of Sec-WebSocket-Protocol: `spoken` if the client offers it,
/// otherwise the first one, as the reference server of Socket.IO does. A browser drops a connection that
/// answers none of its offers. Empty if nothing is offered. None for a broken list: an element is no token,
/// or comes twice. Later elements may be secrets, so they are never chosen unless they are `spoken`.
std::optional<std::string> choose_subprotocol(std::string_view offered, std::string_view spoken);

}  // namespace chat::gateway::http
