// The connection to a client, plain or under TLS.
#pragma once

#include <algorithm>
#include <memory>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/beast/core/async_base.hpp>
#include <boost/beast/core/buffers_prefix.hpp>

#include "gateway/loop/task.hpp"
#include "gateway/tls/channel.hpp"

namespace chat::gateway::tls {

/// A Beast AsyncStream: reads and writes go to the socket, or through the channel once there is one. One read
/// and one write at a time, each on the worker's thread. An operation completes in a later turn. It must not
/// be moved while an operation is pending.
class ClientStream {
 public:
  using executor_type = loop::Executor;

  explicit ClientStream(loop::Socket socket, std::unique_ptr<Channel> channel = nullptr)
      : channel_(std::move(channel)), socket_(std::move(socket)) {}

  loop::Socket& socket() { return socket_; }
  const loop::Socket& socket() const { return socket_; }
  executor_type get_executor() noexcept { return socket_.get_executor(); }

  /// Null without TLS.
  Channel* channel() { return channel_.get(); }
  void set_channel(std::unique_ptr<Channel> channel) { channel_ = std::move(channel); }
  std::unique_ptr<Channel> take_channel() { return std::move(channel_); }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
        [this](auto handler, const Buffers& to_fill) {
          if (!channel_) return socket_.async_read_some(to_fill, std::move(handler));
          const auto read = [channel = channel_.get(),
                             first = first_of<boost::asio::mutable_buffer>(to_fill)] {
            return channel->read(first.data(), first.size());
          };
          start(std::move(handler), read);
        },
        token, buffers);
  }

  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
        [this](auto handler, const Buffers& to_write) {
          if (!channel_) return socket_.async_write_some(to_write, std::move(handler));
          const auto write = [channel = channel_.get(),
                              first = first_of<boost::asio::const_buffer>(to_write)] {
            return channel->write(first.data(), std::min(first.size(), loop::RecordBuffer::size));
          };
          start(std::move(handler), write);
        },
        token, buffers);
  }

  /// Waits until there is something to read, or the end.
  loop::Task<boost::system::error_code> wait_readable() {
    for (;;) {
      if (channel_) {
        const Outcome outcome = channel_->peek().outcome;
        if (outcome != Outcome::wants_read && outcome != Outcome::wants_write)
          co_return boost::system::error_code{};
      }
      const auto [error] = co_await socket_.async_wait(boost::asio::socket_base::wait_read, loop::use_task);
      if (error || !channel_) co_return error;
    }
  }

  /// Ends the sending side, under TLS by close_notify.
  void end_sending(boost::system::error_code& error) {
    if (channel_) channel_->say_goodbye();
    socket_.shutdown(boost::asio::socket_base::shutdown_send, error);
  }

  void close() {
    boost::system::error_code ignored;
    socket_.close(ignored);
  }

 private:
  /// Tries `Call` until it does not want the socket any more.
  template <class Handler, class Call>
  class Operation : public boost::beast::async_base<Handler, loop::Executor> {
   public:
    Operation(Handler handler, loop::Socket& socket, const Call& call)
        : boost::beast::async_base<Handler, loop::Executor>(std::move(handler), socket.get_executor()),
          socket_(socket),
          call_(call) {
      go_on({}, false);
    }

    void operator()(boost::system::error_code error) { go_on(error, true); }

   private:
    void go_on(boost::system::error_code error, bool is_own_turn) {
      if (error) return this->complete(is_own_turn, error, std::size_t{0});
      const Progress progress = call_();
      switch (progress.outcome) {
        case Outcome::wants_read:
          return socket_.async_wait(boost::asio::socket_base::wait_read, std::move(*this));
        case Outcome::wants_write:
          return socket_.async_wait(boost::asio::socket_base::wait_write, std::move(*this));
        case Outcome::done:
          return this->complete(is_own_turn, error, progress.bytes);
        case Outcome::ended:
          error = boost::asio::error::eof;
          break;
        case Outcome::failed:
          error = boost::asio::error::connection_reset;
          break;
      }
      this->complete(is_own_turn, error, std::size_t{0});
    }

    loop::Socket& socket_;
    Call call_;
  };

  template <class Handler, class Call>
  void start(Handler handler, const Call& call) {
    Operation<Handler, Call>(std::move(handler), socket_, call);
  }

  /// The first buffer that is not empty; an empty one if there is none.
  template <class Buffer, class Buffers>
  static Buffer first_of(const Buffers& buffers) {
    for (auto it = boost::asio::buffer_sequence_begin(buffers);
         it != boost::asio::buffer_sequence_end(buffers); ++it) {
      const Buffer buffer(*it);
      if (buffer.size() > 0) return buffer;
    }
    return {};
  }

  std::unique_ptr<Channel> channel_;
  loop::Socket socket_;
};

}  // namespace chat::gateway::tls
