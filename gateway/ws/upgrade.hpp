// Turns an HTTP request into a WebSocket connection.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>

#include "gateway/connection/connection.hpp"
#include "gateway/loop/environment.hpp"
#include "gateway/loop/task.hpp"
#include "gateway/tls/client_stream.hpp"

namespace chat::gateway::ws {

/// Answers 101 and starts the connection's own coroutine, which is all that remains. `early` is the input
/// that came after the request. If the answer fails, the handler is destroyed without a call. `request` is
/// not used after the return.
loop::Task<void> start_websocket(tls::ClientStream stream,
                                 const boost::beast::http::request<boost::beast::http::empty_body>& request,
                                 std::string_view early, std::string subprotocol,
                                 std::unique_ptr<Handler> handler,
                                 std::shared_ptr<loop::Environment> environment);

}  // namespace chat::gateway::ws
