#include "common/admin/http_session.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include "common/http/empty_lines.hpp"
#include "common/http/list_headers.hpp"

namespace chat::admin {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

constexpr auto use_tuple = asio::as_tuple(asio::use_awaitable);
constexpr std::uint32_t max_header_bytes = 8 * 1024;
constexpr std::chrono::seconds exchange_timeout{10};
// Longer than the usual scrape interval, so that a scraper keeps its connection.
constexpr std::chrono::seconds idle_timeout{75};

using Message = http::request<http::empty_body>;

/// A request, or the status that answers a broken one, or neither when the peer is gone.
struct Received {
  std::optional<Message> request;
  std::optional<http::status> fault;
  bool has_body = false;
};

http::status fault_status(const beast::error_code& error) {
  return error == http::error::header_limit || error == http::error::buffer_overflow
             ? http::status::request_header_fields_too_large
             : http::status::bad_request;
}

bool is_syntax_error(const beast::error_code& error) {
  return error.category() == http::make_error_code(http::error::bad_method).category() &&
         error != http::error::end_of_stream && error != http::error::partial_message;
}

/// Waits for a request and drops the empty lines in front of it; false when the peer is gone.
asio::awaitable<bool> await_request(beast::tcp_stream& stream, beast::flat_buffer& buffer) {
  for (std::size_t left = max_empty_lines;;) {
    left -= drop_empty_lines(buffer, left);
    if (has_request_begun(buffer)) co_return true;
    const auto [error, bytes] = co_await stream.async_read_some(buffer.prepare(2048), use_tuple);
    if (error) co_return false;
    buffer.commit(bytes);
  }
}

asio::awaitable<Received> receive(beast::tcp_stream& stream, beast::flat_buffer& buffer, bool is_first) {
  stream.expires_after(is_first ? exchange_timeout : idle_timeout);
  if (!co_await await_request(stream, buffer)) co_return Received{};
  stream.expires_after(exchange_timeout);
  http::request_parser<http::empty_body> parser;
  parser.header_limit(max_header_bytes);
  const auto [error, bytes] = co_await http::async_read_header(stream, buffer, parser, use_tuple);
  if (error) co_return is_syntax_error(error) ? Received{std::nullopt, fault_status(error)} : Received{};
  join_list_lines(parser.get());
  // Where a body of another encoding than chunked ends cannot be told (RFC 9112 section 6.3).
  const bool has_body = !parser.is_done() || parser.get().count(http::field::transfer_encoding) > 0;
  Received received{parser.release(), std::nullopt, has_body};
  // The body stays unread, so nothing can follow it on this connection.
  if (has_body) received.request->keep_alive(false);
  co_return received;
}

std::string_view view(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

Request request_of(const Received& received) {
  const Message& message = *received.request;
  const std::string_view target = view(message.target());
  const std::size_t mark = std::min(target.find('?'), target.size());
  Request request;
  request.method = message.method();
  request.path = target.substr(0, mark);
  request.query = target.substr(std::min(mark + 1, target.size()));
  request.has_body = received.has_body;
  request.is_from_page = message.count(http::field::origin) > 0;
  return request;
}

/// HEAD gets the header of GET and no body (RFC 9110 section 9.3.2).
http::response<http::string_body> response_for(const Received& received, const Handler& handler) {
  Answer answer = handler(request_of(received));
  http::response<http::string_body> response(answer.status, 11);
  response.set(http::field::content_type, answer.content_type);
  response.set(http::field::cache_control, "no-store");
  if (!answer.allow.empty())
    response.set(http::field::allow, boost::beast::string_view(answer.allow.data(), answer.allow.size()));
  response.content_length(answer.body.size());
  if (received.request->method() != http::verb::head) response.body() = std::move(answer.body);
  response.keep_alive(received.request->keep_alive());
  return response;
}

http::response<http::string_body> response_for(http::status fault) {
  const auto reason = http::obsolete_reason(fault);
  http::response<http::string_body> response(fault, 11);
  response.set(http::field::content_type, Answer{}.content_type);
  response.body() = std::string(reason) + "\n";
  response.keep_alive(false);
  response.prepare_payload();
  return response;
}

/// Closing with unread input would reset the connection and could take the last answer with it.
asio::awaitable<void> finish(beast::tcp_stream& stream) {
  beast::error_code ignored;
  stream.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  char rest[2048];
  stream.expires_after(std::chrono::seconds(2));
  for (;;) {
    const auto [error, bytes] = co_await stream.async_read_some(asio::buffer(rest), use_tuple);
    if (error) break;
  }
}

}  // namespace

asio::awaitable<void> serve(asio::ip::tcp::socket socket, const Handler& handler) {
  beast::tcp_stream stream(std::move(socket));
  beast::flat_buffer buffer(max_header_bytes + 2048);
  for (bool is_first = true;; is_first = false) {
    const Received received = co_await receive(stream, buffer, is_first);
    if (!received.request && !received.fault) break;
    auto response = received.request ? response_for(received, handler) : response_for(*received.fault);
    const bool keep = response.keep_alive();
    stream.expires_after(exchange_timeout);
    const auto [error, bytes] = co_await http::async_write(stream, response, use_tuple);
    if (error || !keep) break;
  }
  co_await finish(stream);
}

}  // namespace chat::admin
