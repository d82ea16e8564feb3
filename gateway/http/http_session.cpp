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
#include <boost/beast/http/string_body.hpp>
#include <boost/core/demangle.hpp>
#include <sys/socket.h>
#include <unistd.h>

#include "common/http/empty_lines.hpp"
#include "common/http/list_headers.hpp"
#include "common/log/log.hpp"
#include "gateway/http/answers.hpp"
#include "gateway/http/query.hpp"
#include "gateway/http/subprotocols.hpp"
#include "gateway/ws/end_sending.hpp"
#include "gateway/ws/upgrade.hpp"

namespace chat::gateway::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using beast::http::field;

using Parser = beast::http::request_parser<beast::http::empty_body>;
using BodyParser = beast::http::request_parser<beast::http::string_body>;
using Request = Parser::value_type;

constexpr std::size_t header_limit = 8 * 1024;
constexpr std::size_t buffer_limit = 2 * header_limit;  // room for a header behind what was pipelined
constexpr std::size_t first_read_bytes = 512;           // of a header; Beast reads on by as much
constexpr std::chrono::seconds linger_timeout{2};

}  // namespace

class Moving {
 public:
  Moving(int descriptor, asio::ip::tcp protocol, std::unique_ptr<Parser> read, beast::flat_buffer rest)
      : parser(std::move(read)), buffer(std::move(rest)), descriptor_(descriptor), protocol_(protocol) {}
  ~Moving() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Moving(const Moving&) = delete;
  Moving& operator=(const Moving&) = delete;

  /// The connection on its new loop; not open where that failed.
  loop::Socket take_socket(const loop::Executor& executor) {
    loop::Socket socket(executor);
    boost::system::error_code error;
    socket.assign(protocol_, descriptor_, error);
    if (!error) descriptor_ = -1;
    return socket;
  }

  std::unique_ptr<Parser> parser;
  beast::flat_buffer buffer;

 private:
  int descriptor_;
  asio::ip::tcp protocol_;
};

namespace {

std::string_view view(beast::string_view text) {
  return {text.data(), text.size()};
}

Method method_of(const Request& request) {
  if (request.method() == beast::http::verb::get) return Method::get;
  if (request.method() == beast::http::verb::head) return Method::head;
  return Method::other;
}

/// RFC 6455 section 4.2.1, items 1, 3 and 4.
bool wants_upgrade(const Request& request) {
  return request.version() >= 11 && request.method() == beast::http::verb::get &&
         has_element(view(request[field::connection]), "upgrade") &&
         has_element(view(request[field::upgrade]), "websocket");
}

RequestFacts facts_of(const Parser& parser) {
  const Request& request = parser.get();
  RequestFacts facts;
  facts.method = method_of(request);
  facts.is_http_1_1 = request.version() >= 11;
  facts.has_host = request.count(field::host) == 1;
  facts.has_body = parser.chunked() || parser.content_length().value_or(0) > 0;
  facts.wants_upgrade = wants_upgrade(request);
  facts.is_version_13 =
      request.count(field::sec_websocket_version) == 1 && request[field::sec_websocket_version] == "13";
  facts.has_valid_key =
      request.count(field::sec_websocket_key) == 1 && is_valid_key(view(request[field::sec_websocket_key]));
  return facts;
}

RequestHead head_of(const Request& request, const RequestFacts& facts) {
  RequestHead head;
  head.target = origin_form(view(request.target()));
  head.method = view(request.method_string());
  head.wants_upgrade = facts.wants_upgrade;
  head.host = view(request[field::host]);
  head.origin = view(request[field::origin]);
  head.content_type = view(request[field::content_type]);
  head.authorization = view(request[field::authorization]);
  head.subprotocols = view(request[field::sec_websocket_protocol]);
  head.wanted_headers = view(request[field::access_control_request_headers]);
  return head;
}

Routing answered(Answer answer) {
  Routing routing;
  routing.answer = std::move(answer);
  return routing;
}

/// Where the request goes; never nothing.
Routing judge(const Parser& parser, const ServerState& state, Admission admission) {
  if (admission == Admission::no_room) return answered(no_room());
  const Request& request = parser.get();
  if (!has_certain_framing(request.version(), request, parser.chunked())) return answered(bad_request());
  RequestFacts facts = facts_of(parser);
  if (facts.is_http_1_1 && !facts.has_host) return answered(no_host());
  try {
    Routing routing = state.router(head_of(request, facts));
    if (routing.answer) routing.answer->close = routing.answer->close || facts.has_body;
    if (routing.answer || routing.exchange || routing.worker) return routing;
    if (routing.handler && state.is_stopped) return answered(going_away());
    facts.is_known_path = routing.handler != nullptr;
    facts.has_valid_subprotocols =
        choose_subprotocol(view(request[field::sec_websocket_protocol]), {}).has_value();
    if (auto answer = answer_request(facts)) return answered(*std::move(answer));
    return routing;
  } catch (const std::exception& error) {
    log::error("routing a request failed", {{"exception", boost::core::demangle(typeid(error).name())}});
    return answered(internal_error());
  }
}

/// What broken input is answered; nothing when the client is gone.
std::optional<Answer> judge(const beast::error_code& error) {
  namespace http = beast::http;
  if (error == http::error::header_limit || error == http::error::buffer_overflow) return header_too_large();
  if (error == http::error::body_limit) return body_too_large();
  if (error == http::error::end_of_stream || error == http::error::partial_message) return std::nullopt;
  if (error.category() == http::make_error_code(http::error::bad_method).category()) return bad_request();
  return std::nullopt;
}

/// Ends the connection so that the client can read the last answer: closing on unread input would reset it.
loop::Task<void> linger(HttpSession& session, HttpSession::TimePoint deadline) {
  session.deadline = deadline;
  co_await ws::end_sending(session.socket);
  session.cut();
}

/// A request's body, or what is to be answered instead; neither when the client is gone.
struct Body {
  std::optional<std::string> text{};
  std::optional<Answer> refusal{};
};

loop::Task<Body> read_body(HttpSession& session, beast::flat_buffer& buffer, Parser&& head,
                           std::size_t most) {
  if (head.content_length().value_or(0) > most) co_return Body{std::nullopt, body_too_large()};
  if (head.get().version() >= 11 && has_element(view(head.get()[field::expect]), "100-continue")) {
    constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    const auto [error, written] =
        co_await asio::async_write(session.socket, asio::buffer(go_on), loop::use_task);
    if (error) co_return Body{};
  }
  BodyParser parser(std::move(head));
  parser.body_limit(most);
  const auto [error, size] = co_await beast::http::async_read(session.socket, buffer, parser, loop::use_task);
  if (error) co_return Body{std::nullopt, judge(error)};
  co_return Body{std::move(parser.get().body()), std::nullopt};
}

/// Tells that the client left, unless it sends a further request first: that one waits in the kernel.
void watch_for_end(HttpSession& session) {
  const int descriptor = session.socket.native_handle();
  session.socket.async_wait(
      asio::socket_base::wait_read, [descriptor, awaited = session.awaited](boost::system::error_code error) {
        char byte = 0;
        const ssize_t got = error ? 0 : ::recv(descriptor, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) awaited->give_up();
      });
}

/// What the endpoint answers; nothing when the client left before.
loop::Task<std::optional<Answer>> await_answer(HttpSession& session, Exchange& exchange, std::string body) {
  const auto awaited = session.awaited = std::make_shared<AwaitedAnswer>();
  try {
    exchange.on_request(std::move(body), [awaited](Answer answer) { awaited->give(std::move(answer)); });
  } catch (const std::exception& error) {
    log::error("answering a request failed", {{"exception", boost::core::demangle(typeid(error).name())}});
    awaited->give(internal_error());
  }
  if (!awaited->answer) {
    session.deadline = HttpSession::TimePoint::max();
    watch_for_end(session);
    while (!awaited->answer && !awaited->is_given_up)
      co_await awaited->changed.wait(session.socket.get_executor());
    boost::system::error_code ignored;
    session.socket.cancel(ignored);
  }
  session.awaited = nullptr;
  if (!awaited->answer) exchange.on_gone();
  co_return std::move(awaited->answer);
}

/// The whole request is handed over, its answer awaited. Nothing when the client is gone.
loop::Task<std::optional<Answer>> hold_exchange(HttpSession& session, beast::flat_buffer& buffer,
                                                std::unique_ptr<Parser>& head, Exchange& exchange,
                                                HttpSession::TimePoint body_deadline) {
  session.has_exchanged = true;
  std::string body;
  if (!head->is_done()) {
    session.deadline = body_deadline;
    Body read = co_await read_body(session, buffer, std::move(*head), exchange.max_body_bytes());
    if (!read.text) {
      exchange.on_gone();
      if (read.refusal) read.refusal->headers += exchange.refusal_headers();
      co_return std::move(read.refusal);
    }
    body = std::move(*read.text);
  }
  // An answer may take long, and many of them are awaited at once.
  head.reset();
  if (buffer.size() == 0) buffer.shrink_to_fit();
  co_return co_await await_answer(session, exchange, std::move(body));
}

/// Writes the answer; false when the connection is to end without a further word. Cut when nothing of it goes
/// out for write_deadline.
loop::Task<bool> write_answer(HttpSession& session, const ServerState& state, std::string reply) {
  for (asio::const_buffer rest = asio::buffer(reply); rest.size() > 0;) {
    session.deadline = state.environment->now + state.limits.write_deadline;
    const auto [error, written] = co_await session.socket.async_write_some(rest, loop::use_task);
    if (error) co_return false;
    rest += written;
  }
  co_return true;
}

/// Waits for a request, with nothing held for it behind an earlier one, and drops the empty lines in front of
/// it.
loop::Task<beast::error_code> await_request(HttpSession& session, const ServerState& state,
                                            beast::flat_buffer& buffer, bool is_first) {
  session.deadline =
      state.environment->now + (is_first ? state.limits.receive_timeout : state.limits.keep_alive_timeout);
  for (std::size_t left = max_empty_lines;;) {
    left -= drop_empty_lines(buffer, left);
    if (has_request_begun(buffer)) co_return beast::error_code{};
    if (buffer.size() == 0 && !is_first) {
      buffer.shrink_to_fit();
      const auto [error] = co_await session.socket.async_wait(asio::socket_base::wait_read, loop::use_task);
      if (error) co_return error;
    }
    const auto [error, size] =
        co_await session.socket.async_read_some(buffer.prepare(first_read_bytes), loop::use_task);
    if (error) co_return error;
    buffer.commit(size);
  }
}

loop::Task<beast::error_code> read_header(HttpSession& session, const ServerState& state,
                                          beast::flat_buffer& buffer, std::unique_ptr<Parser>& made,
                                          bool is_first) {
  const auto begun = co_await await_request(session, state, buffer, is_first);
  if (begun) co_return begun;
  // The first header's time began with the connection.
  if (!is_first) session.deadline = state.environment->now + state.limits.receive_timeout;
  made = std::make_unique<Parser>();
  Parser& parser = *made;
  parser.header_limit(static_cast<std::uint32_t>(header_limit));
  parser.body_limit(boost::none);  // bodies are read only where an endpoint says how much
  const auto [error, size] =
      co_await beast::http::async_read_header(session.socket, buffer, parser, loop::use_task);
  if (!error) join_list_lines(parser.get());
  co_return error;
}

/// Hands an upgraded connection over. Beast reads less of the two lists than RFC 9110 allows.
loop::Task<void> upgrade(HttpSession& session, const ServerState& state, Request& request,
                         const beast::flat_buffer& buffer, Routing routing) {
  request.set(field::connection, "upgrade");
  request.set(field::upgrade, "websocket");
  const auto offered = view(request[field::sec_websocket_protocol]);
  std::string chosen = choose_subprotocol(offered, routing.subprotocol).value_or(std::string{});
  const auto early = buffer.cdata();
  session.unlink();
  co_await ws::start_websocket(std::move(session.socket), request,
                               {static_cast<const char*>(early.data()), early.size()}, std::move(chosen),
                               std::move(routing.handler), state.environment);
}

void move_away(HttpSession& session, ServerState& state, std::size_t worker, std::unique_ptr<Parser> parser,
               beast::flat_buffer&& buffer) {
  boost::system::error_code error;
  const auto endpoint = session.socket.local_endpoint(error);
  if (error) return;
  const int descriptor = session.socket.release(error);
  if (error) return;
  state.on_move(worker, std::make_shared<Moving>(descriptor, endpoint.protocol(), std::move(parser),
                                                 std::move(buffer)));
}

loop::Task<void> serve(loop::Socket socket, std::shared_ptr<ServerState> state, Admission admission,
                       std::unique_ptr<Parser> parser, beast::flat_buffer buffer) {
  HttpSession session(std::move(socket));
  state->http_sessions.push_back(session);
  const loop::Environment& environment = *state->environment;

  for (bool is_first = true;; is_first = false, parser.reset()) {
    beast::error_code error;
    if (!parser) {
      error = co_await read_header(session, *state, buffer, parser, is_first);
    }
    std::optional<Answer> answer;
    bool keep_alive = false;
    bool is_head = false;
    if (error) {
      answer = judge(error);
    } else {
      keep_alive = wants_keep_alive(parser->get().version(), view(parser->get()[field::connection]));
      is_head = parser->get().method() == beast::http::verb::head;
      Routing routing = judge(*parser, *state, admission);
      if (routing.worker) {
        co_return move_away(session, *state, *routing.worker, std::move(parser), std::move(buffer));
      }
      if (routing.handler) {
        co_return co_await upgrade(session, *state, parser->get(), buffer, std::move(routing));
      }
      answer = std::move(routing.answer);
      if (routing.exchange) {
        answer = co_await hold_exchange(session, buffer, parser, *routing.exchange,
                                        environment.now + state->limits.receive_timeout);
      }
    }
    if (!answer) co_return;
    keep_alive = keep_alive && !answer->close;
    if (!co_await write_answer(session, *state, serialize(*answer, keep_alive, is_head))) co_return;
    if (!keep_alive) co_return co_await linger(session, environment.now + linger_timeout);
  }
}

}  // namespace

loop::Task<void> serve_accepted(loop::Socket socket, std::shared_ptr<ServerState> state,
                                Admission admission) {
  return serve(std::move(socket), std::move(state), admission, nullptr, beast::flat_buffer(buffer_limit));
}

loop::Task<void> serve_moved(loop::Executor executor, std::shared_ptr<Moving> moving,
                             std::shared_ptr<ServerState> state) {
  loop::Socket socket = moving->take_socket(executor);
  if (!socket.is_open()) co_return;
  co_await serve(std::move(socket), std::move(state), Admission::welcome, std::move(moving->parser),
                 std::move(moving->buffer));
}

}  // namespace chat::gateway::http
