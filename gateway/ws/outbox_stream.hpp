// The layer below Beast's WebSocket stream. Reads go to the client's stream, writes to the connection's
// outbox.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/role.hpp>

#include "gateway/ws/outbox_socket.hpp"

namespace chat::gateway::ws {

/// A Beast AsyncStream. Beast writes the handshake, and then only its own control frames: pongs, and the
/// answers to a Close or to broken framing. Each is one write. They are queued among the other frames, so
/// none lands inside another one. Completions are always posted. The connection outlives the stream.
class OutboxStream {
 public:
  using executor_type = loop::Executor;

  /// `early` is the input that came after the request.
  OutboxStream(OutboxSocket& target, std::string_view early)
      : target_(&target), early_(early.empty() ? nullptr : std::make_unique<std::string>(early)) {}

  executor_type get_executor() noexcept { return target_->client_stream().get_executor(); }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
        [this](auto handler, const Buffers& to_fill) {
          target_->note_received();
          if (early_) return post_result(std::move(handler), {}, take_early(to_fill));
          target_->client_stream().async_read_some(to_fill, std::move(handler));
        },
        token, buffers);
  }

  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
        [this](auto handler, const Buffers& to_write) {
          const std::size_t size = boost::asio::buffer_size(to_write);
          std::string bytes(size, '\0');
          boost::asio::buffer_copy(boost::asio::buffer(bytes), to_write);
          const boost::system::error_code error = take(std::move(bytes));
          post_result(std::move(handler), error, error ? 0 : size);
        },
        token, buffers);
  }

  /// From here on writes are frames.
  void handshake_is_done() { frames_ = true; }

 private:
  template <class Handler>
  void post_result(Handler handler, boost::system::error_code error, std::size_t bytes) {
    boost::asio::post(get_executor(), boost::beast::bind_front_handler(std::move(handler), error, bytes));
  }

  template <class Buffers>
  std::size_t take_early(const Buffers& to_fill) {
    const std::size_t copied = boost::asio::buffer_copy(to_fill, boost::asio::buffer(*early_));
    early_->erase(0, copied);
    if (early_->empty()) early_.reset();
    return copied;
  }

  boost::system::error_code take(std::string bytes) {
    if (!target_->is_open()) return boost::asio::error::broken_pipe;
    constexpr unsigned char opcode_mask = 0x0F;
    const bool is_close =
        frames_ && !bytes.empty() &&
        (static_cast<unsigned char>(bytes[0]) & opcode_mask) == static_cast<unsigned char>(Opcode::close);
    FrameRef frame = make_frame(std::make_shared<const std::string>(std::move(bytes)));
    // After our Close frame, Beast's frames are dropped as if they were sent. Beast then ends the connection.
    if (is_close)
      target_->push_close(std::move(frame));
    else
      target_->push(frame);
    return {};
  }

  OutboxSocket* target_;
  std::unique_ptr<std::string> early_;
  bool frames_ = false;
};

/// Does nothing: the connection's coroutine ends the connection itself, after Beast is done.
template <class Handler>
void async_teardown(boost::beast::role_type, OutboxStream& stream, Handler&& handler) {
  boost::asio::post(stream.get_executor(), boost::beast::bind_front_handler(std::forward<Handler>(handler),
                                                                            boost::system::error_code{}));
}

inline void beast_close_socket(OutboxStream&) {
  // Only Beast's own timeouts call it, and they are off.
}

}  // namespace chat::gateway::ws
