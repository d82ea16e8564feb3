#include "gateway/ws/websocket_connection.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <typeinfo>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/option.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <boost/core/demangle.hpp>

#include "common/log/log.hpp"
#include "common/wire/limits.hpp"
#include "gateway/connection/close_codes.hpp"
#include "gateway/ws/end_sending.hpp"
#include "gateway/ws/upgrade.hpp"

namespace chat::gateway::ws {
namespace {

namespace asio = boost::asio;
namespace websocket = boost::beast::websocket;

// Most chat messages fit. An idle connection holds a buffer of this size, and Beast's own of 1,536 bytes.
constexpr std::size_t first_read_bytes = 512;

// A buffer that grew beyond this size is freed after the message.
constexpr std::size_t kept_buffer_bytes = 2048;

constexpr std::chrono::seconds linger_timeout{2};

// Logs only the exception's type, since its text may quote a message.
void report(std::string_view where, const char* type) {
  log::error("a connection failed on an exception and is closed",
             {{"in", where}, {"exception", boost::core::demangle(type)}});
}

}  // namespace

WebSocketConnection::WebSocketConnection(tls::ClientStream stream, std::string_view early,
                                         std::unique_ptr<Handler> handler,
                                         const std::shared_ptr<loop::Environment>& environment)
    : OutboxSocket(std::move(stream), environment), handler_(std::move(handler)), stream_(*this, early) {
  stream_.set_option(
      websocket::stream_base::timeout{websocket::stream_base::none(), websocket::stream_base::none(), false});
  if (handler_) max_message_bytes_ = handler_->max_message_bytes();
  if (max_message_bytes_ == 0) max_message_bytes_ = environment->limits.max_message_bytes;
  stream_.read_message_max(max_message_bytes_);
  set_deadline(environment->now + environment->limits.handshake_timeout);
  environment->members.push_back(*this);
  ++environment->open_connections;
}

WebSocketConnection::~WebSocketConnection() {
  --environment().open_connections;
}

loop::Task<bool> WebSocketConnection::accept(const Request& request, std::string subprotocol) {
  stream_.set_option(websocket::stream_base::decorator([&subprotocol](websocket::response_type& response) {
    response.set(boost::beast::http::field::server, "chat");
    if (!subprotocol.empty()) response.set(boost::beast::http::field::sec_websocket_protocol, subprotocol);
  }));
  const auto [error] = co_await stream_.async_accept(request, loop::use_task);
  stream_.set_option(websocket::stream_base::decorator([](websocket::response_type&) {}));
  if (error) co_return false;
  stream_.next_layer().handshake_is_done();
  set_deadline(loop::Environment::TimePoint::max());
  co_return true;
}

loop::Task<void> WebSocketConnection::run(std::shared_ptr<WebSocketConnection> self) {
  if (self->handler_) {
    self->is_announced_ = true;
    self->guarded("on_open", [&] { self->handler_->on_open(*self); });
  }
  try {
    co_await self->read_messages();
  } catch (const std::exception& error) {
    log::error("reading from a WebSocket failed",
               {{"exception", boost::core::demangle(typeid(error).name())}});
    self->close(close_code::internal_error, "internal error");
  }
  self->release_handler();
  co_await self->finish();
}

loop::Task<void> WebSocketConnection::read_messages() {
  boost::beast::flat_buffer buffer(max_message_bytes_ + first_read_bytes);
  // Each read completes in a turn of its own, even if the next message has already come. So a client that
  // sends many messages cannot block the worker.
  for (;;) {
    while (!wants_message()) {
      is_paused_ = true;  // until resume_reading(), or until a Close was sent
      co_await changed_.wait(stream_.get_executor());
      is_paused_ = false;
    }
    const std::size_t wanted = std::max(first_read_bytes, stream_.read_size_hint(first_read_bytes));
    const auto [error, bytes] = co_await stream_.async_read_some(
        buffer.prepare(std::min(wanted, buffer.max_size() - buffer.size())), loop::use_task);
    if (error) co_return;
    buffer.commit(bytes);
    if (!stream_.is_message_done()) continue;
    const auto data = buffer.cdata();
    dispatch({static_cast<const char*>(data.data()), data.size()}, bytes == 0);
    buffer.clear();
    if (buffer.capacity() > kept_buffer_bytes) buffer.shrink_to_fit();
  }
}

bool WebSocketConnection::wants_message() {
  if (is_finished() || !handler_) return true;  // input before the peer's Close is read and dropped
  bool ready = true;
  guarded("ready_for_message", [&] { ready = handler_->ready_for_message(); });
  return ready || is_finished();
}

void WebSocketConnection::dispatch(std::string_view payload, bool last_frame_was_empty) {
  if (is_finished() || !handler_) return;
  const Opcode opcode = stream_.got_text() ? Opcode::text : Opcode::binary;
  // Beast does not notice a cut-off character if the final frame is empty.
  if (opcode == Opcode::text && last_frame_was_empty && !is_valid_utf8(payload)) {
    return close(close_code::bad_utf8, "not UTF-8");
  }
  guarded("on_message", [&] { handler_->on_message(opcode, payload); });
}

loop::Task<void> WebSocketConnection::finish() {
  const bool has_said_goodbye = is_finished();
  while (has_said_goodbye && is_open() && has_unsent()) co_await changed_.wait(stream_.get_executor());
  if (!has_said_goodbye || !is_open()) {
    close_orderly();
    co_return;
  }
  set_deadline(environment().now + linger_timeout);
  co_await end_sending(client_stream());
  close_orderly();
}

void WebSocketConnection::send_text(std::string_view payload) {
  if (!is_finished()) push(make_frame(Opcode::text, payload));
}

void WebSocketConnection::close(std::uint16_t code, std::string_view reason) {
  if (!is_finished()) push_close(make_frame(encode_close(code, reason)));
}

void WebSocketConnection::resume_reading() {
  if (is_paused_) changed_.notify();
}

void WebSocketConnection::sweep(std::chrono::steady_clock::time_point now) {
  check_deadlines(now);
  if (!is_announced_ || is_finished()) return;
  if (!is_paused_) check_silence(now);
  if (handler_ && !is_finished()) guarded("on_tick", [&] { handler_->on_tick(now); });
}

void WebSocketConnection::abandon() {
  reset();
  release_handler();
}

void WebSocketConnection::release_handler() {
  const std::unique_ptr<Handler> handler = std::move(handler_);
  if (handler && is_announced_) guarded("on_closed", [&] { handler->on_closed(); });
}

template <class Call>
void WebSocketConnection::guarded(std::string_view what, Call&& call) noexcept {
  try {
    try {
      call();
      return;
    } catch (const std::exception& error) {
      report(what, typeid(error).name());
    } catch (...) {
      report(what, "unknown");
    }
    close(close_code::internal_error, "internal error");
  } catch (...) {
    reset();  // no memory left even for that
  }
}

loop::Task<void> start_websocket(tls::ClientStream stream,
                                 const boost::beast::http::request<boost::beast::http::empty_body>& request,
                                 std::string_view early, std::string subprotocol,
                                 std::unique_ptr<Handler> handler,
                                 std::shared_ptr<loop::Environment> environment) {
  auto connection =
      std::make_shared<WebSocketConnection>(std::move(stream), early, std::move(handler), environment);
  if (!co_await connection->accept(request, std::move(subprotocol))) co_return;
  const loop::Executor executor = connection->client_stream().get_executor();
  asio::co_spawn(executor, WebSocketConnection::run(std::move(connection)), asio::detached);
}

}  // namespace chat::gateway::ws
