// One connection of the admin port: reads requests, hands them on, writes the answers.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/verb.hpp>

namespace chat::admin {

/// A request as the admin server's routes see it. The views live for the call.
struct Request {
  boost::beast::http::verb method = boost::beast::http::verb::get;
  std::string_view path;      // the target without its query
  std::string_view query;     // without the question mark
  bool has_body = false;      // it stays unread, and the connection ends after the answer
  bool is_from_page = false;  // a browser's page sent it (RFC 6454 section 7)
};

/// An answer without its framing.
struct Answer {
  boost::beast::http::status status = boost::beast::http::status::ok;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  std::string_view allow{};  // the methods of the path, in an answer 405; a constant
};

/// Gives the answer to a request.
using Handler = std::function<Answer(const Request& request)>;

/// Serves HTTP/1.1 on `socket` until either side ends it. `handler` must outlive it. Requests are limited as
/// the admin server's contract says. Reports nothing: a peer's errors just end the connection.
boost::asio::awaitable<void> serve(boost::asio::ip::tcp::socket socket, const Handler& handler);

}  // namespace chat::admin
