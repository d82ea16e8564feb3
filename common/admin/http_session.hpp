// One connection of the admin port: reads requests, hands them on, writes the answers.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/http/status.hpp>

namespace chat::admin {

/// An answer without its framing.
struct Answer {
  boost::beast::http::status status = boost::beast::http::status::ok;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

/// Gives the answer for a path (the request target without its query).
using Handler = std::function<Answer(std::string_view path)>;

/// Serves HTTP/1.1 on `socket` until either side ends it. `handler` must outlive it. Requests are limited as
/// the admin server's contract says. Reports nothing: a peer's errors just end the connection.
boost::asio::awaitable<void> serve(boost::asio::ip::tcp::socket socket, const Handler& handler);

}  // namespace chat::admin
