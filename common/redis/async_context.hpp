// One hiredis asynchronous context on an Asio descriptor: the only file that deals with hiredis' lifetimes.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "common/base/result.hpp"
#include "common/redis/reply.hpp"
#include "common/redis/tls_session.hpp"

struct redisAsyncContext;

namespace chat::redis {

/// Serves one connection and is never used again. Everything on the one thread that runs the io_context.
/// hiredis frees its context itself at any error, so it is held by the hooks that hiredis calls, and
/// nothing outside ever sees the pointer. SIGPIPE must be ignored by the process.
class AsyncContext : public std::enable_shared_from_this<AsyncContext> {
 public:
  /// May call send() and close() in every function; must not be destroyed without close().
  class Owner {
   public:
    virtual void on_open() = 0;
    virtual void on_reply(const Reply& reply) = 0;
    /// All that the socket held has been handed out.
    virtual void on_drained() = 0;
    /// Refused, reset, closed or a protocol error; the last call. Commands in flight get no answer.
    virtual void on_gone(std::string_view reason) = 0;
    /// The same, where TLS was not agreed upon.
    virtual void on_tls_failed(std::string_view reason) = 0;

   protected:
    ~Owner() = default;
  };

  /// Begins to connect; the address is a literal, so nothing is resolved here. Without `tls` all goes in
  /// clear.
  static Result<std::shared_ptr<AsyncContext>> open(boost::asio::io_context& context,
                                                    const boost::asio::ip::tcp::endpoint& endpoint,
                                                    Owner& owner, std::unique_ptr<TlsSession> tls = nullptr);

  AsyncContext(boost::asio::io_context& context, Owner& owner, std::unique_ptr<TlsSession> tls);

  /// Appends one command of binary-safe words; written once per loop turn. False when the connection is
  /// gone.
  bool send(std::span<const std::string_view> words);

  /// Ends the connection; the owner hears nothing from here on. Safe inside the owner's functions.
  void close();

 private:
  struct Hooks;

  Result<void> attach(const boost::asio::ip::tcp::endpoint& endpoint);
  void want_read();
  void want_write();
  void on_readable();
  void on_writable();
  void leave_hiredis();
  bool has_bytes();

  boost::asio::posix::stream_descriptor descriptor_;
  Owner* owner_;
  std::unique_ptr<TlsSession> tls_;
  redisAsyncContext* context_ = nullptr;
  std::shared_ptr<AsyncContext> self_;  // while hiredis points here
  bool inside_hiredis_ = false;
  bool is_open_ = false;
  bool wants_read_ = false;
  bool wants_write_ = false;
  bool is_waiting_read_ = false;
  bool is_waiting_write_ = false;
  bool is_socket_full_ = false;
  std::vector<const char*> words_;
  std::vector<std::size_t> lengths_;
};

}  // namespace chat::redis
