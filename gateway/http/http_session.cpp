#include "gateway/http/http_session.hpp"

#include <cerrno>
#include <optional>
#include <string>
#include <typeinfo>

#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <boost/core/demangle.hpp>
#include <sys/socket.h>

#include "common/log/log.hpp"
#include "gateway/http/answers.hpp"
#include "gateway/ws/upgrade.hpp"

namespace chat::gateway::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using beast::http::field;

using Parser = beast::http::request_parser<beast::http::empty_body>;
using Request = Parser::value_type;

constexpr std::size_t header_limit = 8 * 1024;
constexpr std::chrono::seconds linger_timeout{2};
constexpr std::string_view spoken_subprotocol = "chat.v1";

std::string_view view(beast::string_view text) {
  return {text.data(), text.size()};
}

Method method_of(const Request& request) {
  if (request.method() == beast::http::verb::get) return Method::get;
  if (request.method() == beast::http::verb::head) return Method::head;
  return Method::other;
}

std::string chosen_subprotocol(const Request& request) {
  const auto [first, last] = request.equal_range(field::sec_websocket_protocol);
  for (auto line = first; line != last; ++line) {
    for (const auto& token : beast::http::token_list{line->value()}) {
      if (view(token) == spoken_subprotocol) return std::string(spoken_subprotocol);
    }
  }
  return {};
}

RequestFacts facts_of(const Parser& parser) {
  const Request& request = parser.get();
  RequestFacts facts;
  facts.method = method_of(request);
  facts.is_http_1_1 = request.version() >= 11;
  facts.has_host = request.count(field::host) == 1;
  facts.has_body = parser.chunked() || parser.content_length().value_or(0) > 0;
  facts.wants_upgrade = beast::websocket::is_upgrade(request);
  facts.is_version_13 = request[field::sec_websocket_version] == "13";
  facts.has_valid_key = is_valid_key(view(request[field::sec_websocket_key]));
  return facts;
}

/// The handler of an upgrade, or what else is to be answered.
struct Outcome {
  std::unique_ptr<ws::Handler> handler;
  Answer answer;
};

Outcome judge(const Parser& parser, const Router& router, Admission admission) {
  if (admission == Admission::no_room) return {nullptr, no_room()};
  const Request& request = parser.get();
  RequestFacts facts = facts_of(parser);
  try {
    Routing routing =
        router({view(request.target()), request.method() == beast::http::verb::get, facts.wants_upgrade,
                view(request[field::origin]), view(request[field::authorization]),
                view(request[field::sec_websocket_protocol])});
    if (routing.answer) {
      routing.answer->close = routing.answer->close || facts.has_body;
      return {nullptr, *routing.answer};
    }
    Outcome outcome{std::move(routing.handler), {}};
    facts.is_known_path = outcome.handler != nullptr;
    if (const std::optional<Answer> answer = answer_request(facts)) return {nullptr, *answer};
    return outcome;
  } catch (const std::exception& error) {
    log::error("making the handler of a WebSocket failed",
               {{"exception", boost::core::demangle(typeid(error).name())}});
    return {nullptr, internal_error()};
  }
}

/// What broken input is answered; nothing when the client is gone.
std::optional<Answer> judge(const beast::error_code& error) {
  namespace http = beast::http;
  if (error == http::error::header_limit || error == http::error::buffer_overflow) return header_too_large();
  if (error == http::error::end_of_stream || error == http::error::partial_message) return std::nullopt;
  if (error.category() == http::make_error_code(http::error::bad_method).category()) return bad_request();
  return std::nullopt;
}

/// Ends the connection so that the client can read the last answer: closing on unread input would reset it.
ws::Task<void> linger(HttpSession& session, HttpSession::TimePoint deadline) {
  session.deadline = deadline;
  boost::system::error_code error;
  session.socket.shutdown(asio::socket_base::shutdown_send, error);
  while (!error) {
    std::tie(error) = co_await session.socket.async_wait(asio::socket_base::wait_read, ws::use_task);
    if (error) break;
    const ssize_t dropped =
        ::recv(session.socket.native_handle(), nullptr, 1 << 20, MSG_TRUNC | MSG_DONTWAIT);
    if (dropped == 0 || (dropped < 0 && errno != EAGAIN && errno != EINTR)) break;
  }
  session.cut();
}

}  // namespace

ws::Task<void> serve_http(ws::Socket socket, std::shared_ptr<ServerState> state, Admission admission) {
  HttpSession session(std::move(socket));
  state->http_sessions.push_back(session);
  const ws::Environment& environment = *state->environment;
  beast::flat_buffer buffer(2 * header_limit);  // room for a header behind what was pipelined
  std::optional<Parser> parser;

  for (;;) {
    parser.emplace();
    parser->header_limit(static_cast<std::uint32_t>(header_limit));
    parser->body_limit(boost::none);  // bodies are refused, not read
    session.deadline = environment.now + environment.limits.handshake_timeout;
    const auto [error, size] =
        co_await beast::http::async_read_header(session.socket, buffer, *parser, ws::use_task);

    Outcome outcome;
    if (error) {
      const std::optional<Answer> answer = judge(error);
      if (!answer) co_return;
      outcome.answer = *answer;
    } else {
      outcome = judge(*parser, state->router, admission);
    }
    if (outcome.handler) {
      const Request& request = parser->get();
      const auto early = buffer.cdata();
      session.unlink();
      co_return co_await ws::start_websocket(
          std::move(session.socket), request, {static_cast<const char*>(early.data()), early.size()},
          chosen_subprotocol(request), std::move(outcome.handler), state->environment);
    }

    const bool keep_alive = !error && !outcome.answer.close && parser->get().keep_alive();
    const bool is_head = !error && parser->get().method() == beast::http::verb::head;
    const std::string reply = serialize(outcome.answer, keep_alive, is_head);
    const auto [write_error, written] =
        co_await asio::async_write(session.socket, asio::buffer(reply), ws::use_task);
    if (write_error) co_return;
    if (!keep_alive) co_return co_await linger(session, environment.now + linger_timeout);
  }
}

}  // namespace chat::gateway::http
