// Gives a whole request to its exchange and awaits the answer, which may take long.
#pragma once

#include <memory>
#include <optional>

#include <boost/beast/core/flat_buffer.hpp>

#include "gateway/http/http_session.hpp"
#include "gateway/http/parsed_request.hpp"
#include "gateway/http/server.hpp"
#include "gateway/loop/task.hpp"

namespace chat::gateway::http {

/// None when the client is gone; the exchange knows it then. Reads the body until `body_deadline`. Frees
/// `head` and an empty buffer before it waits, since many answers are awaited at once.
loop::Task<std::optional<Answer>> await_exchange(HttpSession& session, boost::beast::flat_buffer& buffer,
                                                 std::unique_ptr<Parser>& head, Exchange& exchange,
                                                 HttpSession::TimePoint body_deadline);

}  // namespace chat::gateway::http
