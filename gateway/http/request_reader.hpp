// Reads requests from a connection in its HTTP phase: headers one after the other, and a body where one is
// wanted.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include "gateway/http/parsed_request.hpp"
#include "gateway/http/server_state.hpp"
#include "gateway/loop/task.hpp"

namespace chat::gateway::http {

/// Bound of the read buffer: a whole header after pipelined input.
inline constexpr std::size_t max_buffer_bytes = 16 * 1024;

/// Reads the next header, of at most 8 KiB, into `parser`. Sets the session's deadlines: receive_timeout for
/// the header, keep_alive_timeout before a later one begins. An idle connection holds no buffer and no
/// parser.
loop::Task<boost::beast::error_code> read_header(HttpSession& session, const ServerState& state,
                                                 boost::beast::flat_buffer& buffer,
                                                 std::unique_ptr<Parser>& parser, bool is_first);

/// A request's body, or the answer to give instead. Neither: the client is gone.
struct Body {
  std::optional<std::string> text{};
  std::optional<Answer> refusal{};
};

/// Reads the body behind `head`, of at most `max_bytes`; the session's deadline is the caller's.
loop::Task<Body> read_body(HttpSession& session, boost::beast::flat_buffer& buffer, Parser&& head,
                           std::size_t max_bytes);

/// The answer to broken input; none when the client is gone.
std::optional<Answer> answer_to_fault(const boost::beast::error_code& error);

}  // namespace chat::gateway::http
