#include "gateway/http/exchange_answer.hpp"

#include <cerrno>
#include <exception>
#include <string>
#include <typeinfo>
#include <utility>

#include <boost/core/demangle.hpp>
#include <sys/socket.h>

#include "common/log/log.hpp"
#include "gateway/http/answers.hpp"
#include "gateway/http/request_reader.hpp"

namespace chat::gateway::http {
namespace {

namespace asio = boost::asio;

/// Gives the answer up when the client leaves. A client that sends a further request first is not noticed:
/// the request waits in the kernel.
void watch_for_end(HttpSession& session) {
  const int descriptor = session.socket.native_handle();
  session.socket.async_wait(
      asio::socket_base::wait_read, [descriptor, awaited = session.awaited](boost::system::error_code error) {
        char byte = 0;
        const ssize_t got = error ? 0 : ::recv(descriptor, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) awaited->give_up();
      });
}

/// None when the client left before the answer.
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

}  // namespace

loop::Task<std::optional<Answer>> await_exchange(HttpSession& session, boost::beast::flat_buffer& buffer,
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
  head.reset();
  if (buffer.size() == 0) buffer.shrink_to_fit();
  co_return co_await await_answer(session, exchange, std::move(body));
}

}  // namespace chat::gateway::http
