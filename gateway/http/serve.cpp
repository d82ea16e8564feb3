#include "gateway/http/serve.hpp"

#include <optional>
#include <string>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include "common/http/list_headers.hpp"
#include "gateway/http/answers.hpp"
#include "gateway/http/exchange_answer.hpp"
#include "gateway/http/request_reader.hpp"
#include "gateway/http/request_routing.hpp"
#include "gateway/http/subprotocols.hpp"
#include "gateway/tls/handshake.hpp"
#include "gateway/ws/end_sending.hpp"
#include "gateway/ws/upgrade.hpp"

namespace chat::gateway::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using beast::http::field;

constexpr std::chrono::seconds linger_timeout{2};

/// Ends the connection so that the client can read the last answer. A close with unread input would reset it.
loop::Task<void> linger(HttpSession& session, HttpSession::TimePoint deadline) {
  session.deadline = deadline;
  co_await ws::end_sending(session.stream);
  session.cut();
}

/// Writes the answer; false when the connection failed. Cut when the kernel takes nothing for write_deadline.
loop::Task<bool> write_answer(HttpSession& session, const ServerState& state, std::string reply) {
  for (asio::const_buffer rest = asio::buffer(reply); rest.size() > 0;) {
    session.deadline = state.environment->now + state.limits.write_deadline;
    const auto [error, written] = co_await session.stream.async_write_some(rest, loop::use_task);
    if (error) co_return false;
    rest += written;
  }
  co_return true;
}

/// Hands an upgraded connection over. Beast reads less of the two list fields than RFC 9110 allows.
loop::Task<void> upgrade(HttpSession& session, const ServerState& state, Request& request,
                         const beast::flat_buffer& buffer, Routing routing) {
  request.set(field::connection, "upgrade");
  request.set(field::upgrade, "websocket");
  const auto offered = view(request[field::sec_websocket_protocol]);
  std::string chosen = choose_subprotocol(offered, routing.subprotocol).value_or(std::string{});
  const auto early = buffer.cdata();
  session.unlink();
  co_await ws::start_websocket(std::move(session.stream), request,
                               {static_cast<const char*>(early.data()), early.size()}, std::move(chosen),
                               std::move(routing.handler), state.environment);
}

void transfer(HttpSession& session, ServerState& state, std::size_t worker, std::unique_ptr<Parser> parser,
              beast::flat_buffer&& buffer) {
  boost::system::error_code error;
  const auto endpoint = session.stream.socket().local_endpoint(error);
  if (error) return;
  const int descriptor = session.stream.socket().release(error);
  if (error) return;
  state.on_transfer(worker, std::make_shared<TransferredConnection>(descriptor, endpoint.protocol(),
                                                                    session.stream.take_channel(),
                                                                    std::move(parser), std::move(buffer)));
}

Routing route(const Parser& parser, const ServerState& state, Admission admission) {
  if (admission == Admission::welcome) return route_request(parser, state.router, state.is_stopped);
  Routing refused;
  refused.answer = at_capacity();
  return refused;
}

/// False when there is no handshake. The client can read why: an alert, or an answer to plain HTTP.
loop::Task<bool> shake_hands(HttpSession& session, const ServerState& state) {
  const auto failure = co_await tls::shake_hands(session.stream);
  if (!failure) co_return true;
  state.identity->count(*failure);
  if (!session.stream.socket().is_open()) co_return false;
  if (failure == tls::HandshakeFailure::plain_http) {
    session.stream.set_channel(nullptr);
    if (!co_await write_answer(session, state, serialize(needs_tls(), false, false))) co_return false;
  }
  co_await linger(session, state.environment->now + linger_timeout);
  co_return false;
}

loop::Task<void> serve(tls::ClientStream stream, std::shared_ptr<ServerState> state, Admission admission,
                       std::unique_ptr<Parser> parser, beast::flat_buffer buffer) {
  HttpSession session(std::move(stream));
  state->http_sessions.push_back(session);
  const loop::Environment& environment = *state->environment;
  session.deadline = environment.now + state->limits.receive_timeout;
  if (!parser && session.stream.channel() && !co_await shake_hands(session, *state)) co_return;

  for (bool is_first = true;; is_first = false, parser.reset()) {
    beast::error_code error;
    if (!parser) {
      error = co_await read_header(session, *state, buffer, parser, is_first);
    }
    std::optional<Answer> answer;
    bool keep_alive = false;
    bool is_head = false;
    if (error) {
      answer = answer_to_fault(error);
    } else {
      keep_alive = wants_keep_alive(parser->get().version(), view(parser->get()[field::connection]));
      is_head = parser->get().method() == beast::http::verb::head;
      Routing routing = route(*parser, *state, admission);
      if (routing.worker) {
        co_return transfer(session, *state, *routing.worker, std::move(parser), std::move(buffer));
      }
      if (routing.handler) {
        co_return co_await upgrade(session, *state, parser->get(), buffer, std::move(routing));
      }
      answer = std::move(routing.answer);
      if (routing.exchange) {
        answer = co_await await_exchange(session, buffer, parser, *routing.exchange,
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

loop::Task<void> serve_accepted(tls::ClientStream stream, std::shared_ptr<ServerState> state,
                                Admission admission) {
  return serve(std::move(stream), std::move(state), admission, nullptr, beast::flat_buffer(max_buffer_bytes));
}

loop::Task<void> serve_transferred(loop::Executor executor, std::shared_ptr<TransferredConnection> connection,
                                   std::shared_ptr<ServerState> state) {
  tls::ClientStream stream = connection->take_stream(executor);
  if (!stream.socket().is_open()) co_return;
  co_await serve(std::move(stream), std::move(state), Admission::welcome, std::move(connection->parser),
                 std::move(connection->buffer));
}

}  // namespace chat::gateway::http
