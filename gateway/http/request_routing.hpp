// Where a request goes: to its endpoint, or to an answer that needs none.
#pragma once

#include "gateway/http/parsed_request.hpp"
#include "gateway/http/server.hpp"

namespace chat::gateway::http {

/// Routes a request whose header was read and whose list fields were joined. The result always has a handler,
/// an answer, an exchange or a worker. `is_stopped`: upgrades are answered 503.
Routing route_request(const Parser& parser, const Router& router, bool is_stopped);

}  // namespace chat::gateway::http
