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

enum class Input { none, further_request, end };

Input look_for_input(tls::ClientStream& stream) {
  if (tls::Channel* channel = stream.channel()) {
    const tls::Outcome outcome = channel->peek().outcome;
    if (outcome == tls::Outcome::done) return Input::further_request;
    return outcome == tls::Outcome::ended || outcome == tls::Outcome::failed ? Input::end : Input::none;
  }
  char byte = 0;
  const ssize_t got = ::recv(stream.socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (got > 0) return Input::further_request;
  return got == 0 || (errno != EAGAIN && errno != EINTR) ? Input::end : Input::none;
}

/// Gives the answer up when the client leaves. A client that sends a further request first is not noticed:
/// the request waits in the kernel.
void watch_for_end(HttpSession& session) {
  session.stream.socket().async_wait(
      asio::socket_base::wait_read, [&session, awaited = session.awaited](boost::system::error_code error) {
        // The session is there while its answer is awaited.
        if (awaited->answer || awaited->is_given_up) return;
        const Input input = error ? Input::end : look_for_input(session.stream);
        if (input == Input::end) awaited->give_up();
        // What came was a part of a TLS record, or a message of TLS itself.
        if (input == Input::none) watch_for_end(session);
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
      co_await awaited->changed.wait(session.stream.get_executor());
    boost::system::error_code ignored;
    session.stream.socket().cancel(ignored);
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
