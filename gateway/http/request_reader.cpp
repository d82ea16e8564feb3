#include "gateway/http/request_reader.hpp"

#include <cstdint>
#include <string_view>
#include <utility>

#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

#include "common/http/empty_lines.hpp"
#include "common/http/list_headers.hpp"
#include "gateway/http/answers.hpp"

namespace chat::gateway::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using beast::http::field;

using BodyParser = beast::http::request_parser<beast::http::string_body>;

constexpr std::size_t max_header_bytes = 8 * 1024;
constexpr std::size_t first_read_bytes = 512;  // of a header; Beast reads on by as much
static_assert(max_buffer_bytes == 2 * max_header_bytes);

/// Waits for a request and drops the empty lines before it. Holds no memory while it waits behind an earlier
/// request.
loop::Task<beast::error_code> await_request(HttpSession& session, const ServerState& state,
                                            beast::flat_buffer& buffer, bool is_first) {
  // The first request's time began with the connection, in front of its TLS handshake.
  if (!is_first) session.deadline = state.environment->now + state.limits.keep_alive_timeout;
  for (std::size_t left = max_empty_lines;;) {
    left -= drop_empty_lines(buffer, left);
    if (has_request_begun(buffer)) co_return beast::error_code{};
    if (buffer.size() == 0 && !is_first) {
      buffer.shrink_to_fit();
      const auto error = co_await session.stream.wait_readable();
      if (error) co_return error;
    }
    const auto [error, size] =
        co_await session.stream.async_read_some(buffer.prepare(first_read_bytes), loop::use_task);
    if (error) co_return error;
    buffer.commit(size);
  }
}

}  // namespace

loop::Task<beast::error_code> read_header(HttpSession& session, const ServerState& state,
                                          beast::flat_buffer& buffer, std::unique_ptr<Parser>& parser,
                                          bool is_first) {
  const auto begun = co_await await_request(session, state, buffer, is_first);
  if (begun) co_return begun;
  // The first header's time began with the connection.
  if (!is_first) session.deadline = state.environment->now + state.limits.receive_timeout;
  parser = std::make_unique<Parser>();
  parser->header_limit(static_cast<std::uint32_t>(max_header_bytes));
  parser->body_limit(boost::none);  // an endpoint that reads a body sets its limit
  const auto [error, size] =
      co_await beast::http::async_read_header(session.stream, buffer, *parser, loop::use_task);
  if (!error) join_list_lines(parser->get());
  co_return error;
}

loop::Task<Body> read_body(HttpSession& session, beast::flat_buffer& buffer, Parser&& head,
                           std::size_t max_bytes) {
  if (head.content_length().value_or(0) > max_bytes) co_return Body{std::nullopt, body_too_large()};
  if (head.get().version() >= 11 && has_element(view(head.get()[field::expect]), "100-continue")) {
    constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    const auto [error, written] =
        co_await asio::async_write(session.stream, asio::buffer(go_on), loop::use_task);
    if (error) co_return Body{};
  }
  BodyParser parser(std::move(head));
  parser.body_limit(max_bytes);
  const auto [error, size] = co_await beast::http::async_read(session.stream, buffer, parser, loop::use_task);
  if (error) co_return Body{std::nullopt, answer_to_fault(error)};
  co_return Body{std::move(parser.get().body()), std::nullopt};
}

std::optional<Answer> answer_to_fault(const beast::error_code& error) {
  using Fault = beast::http::error;
  if (error == Fault::header_limit || error == Fault::buffer_overflow) return header_too_large();
  if (error == Fault::body_limit) return body_too_large();
  if (error == Fault::end_of_stream || error == Fault::partial_message) return std::nullopt;
  if (error.category() == beast::http::make_error_code(Fault::bad_method).category()) return bad_request();
  return std::nullopt;
}

}  // namespace chat::gateway::http
