// A Connection on Beast's WebSocket stream. Private to this folder, since it includes Beast.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/websocket/stream.hpp>

#include "gateway/connection/connection.hpp"
#include "gateway/ws/outbox_socket.hpp"
#include "gateway/ws/outbox_stream.hpp"

namespace chat::gateway::ws {

/// Owned by its coroutine (and a pending write wait). Counted in the environment while it exists.
class WebSocketConnection final : public Connection, public OutboxSocket, public loop::Member {
 public:
  WebSocketConnection(tls::ClientStream stream, std::string_view early, std::unique_ptr<Handler> handler,
                      const std::shared_ptr<loop::Environment>& environment);
  ~WebSocketConnection() override;

  using Request = boost::beast::http::request<boost::beast::http::empty_body>;

  /// Answers the upgrade; false when it failed. `subprotocol` may be empty.
  loop::Task<bool> accept(const Request& request, std::string subprotocol);

  /// Runs the connection after the upgrade: reads until the end, then sends what is left, ends the sending
  /// side and discards the rest of the input.
  static loop::Task<void> run(std::shared_ptr<WebSocketConnection> self);

  void deliver(const FrameRef& frame) override { push(frame); }
  void send_text(std::string_view payload) override;
  void close(std::uint16_t code, std::string_view reason) override;
  void resume_reading() override;
  std::size_t outbox_bytes() const override { return OutboxSocket::outbox_bytes(); }
  std::size_t outbox_free_bytes() const override { return OutboxSocket::outbox_free_bytes(); }

  void sweep(std::chrono::steady_clock::time_point now) override;
  void abandon() override;

 private:
  loop::Task<void> read_messages();
  loop::Task<void> finish();
  void dispatch(std::string_view payload, bool last_frame_was_empty);
  bool wants_message();
  void release_handler();

  /// Calls into the handler. An exception is logged and closes the connection with 1011.
  template <class Call>
  void guarded(std::string_view what, Call&& call) noexcept;

  std::unique_ptr<Handler> handler_;
  bool is_announced_ = false;  // on_open was called
  bool is_paused_ = false;
  std::size_t max_message_bytes_ = 0;
  boost::beast::websocket::stream<OutboxStream, false> stream_;  // false: no deflate code or state
};

}  // namespace chat::gateway::ws
