// The HTTP server of one worker: accepts connections, reads requests, answers them or upgrades to WebSocket.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "gateway/connection/connection.hpp"
#include "gateway/http/answers.hpp"
#include "gateway/loop/flush_list.hpp"
#include "gateway/tls/server_identity.hpp"

namespace chat::gateway::http {

/// Binds address:port once without SO_REUSEPORT, so that an occupied port is an error, and returns the port
/// that was bound. Throws std::runtime_error with one sentence (address, port, reason).
std::uint16_t check_port_is_free(const std::string& address, std::uint16_t port);

/// The parts of a request that endpoints need. The views live for the call.
struct RequestHead {
  std::string_view target;
  std::string_view method = "GET";
  bool wants_upgrade = false;
  std::string_view host{};
  std::string_view origin{};
  std::string_view content_type{};
  std::string_view authorization{};
  std::string_view subprotocols{};
  std::string_view wanted_headers{};  // Access-Control-Request-Headers
};

/// One request and its answer, which may come later. Owned by the connection. All calls on the worker.
class Exchange {
 public:
  using Respond = std::function<void(Answer)>;

  virtual ~Exchange() = default;

  /// The bound of the body in bytes. A larger body is answered 413, without on_request().
  virtual std::size_t max_body_bytes() const { return 0; }

  /// Header lines for an answer that the server gives itself.
  virtual std::string refusal_headers() const { return {}; }

  /// The whole request has come. `respond` is called once; it may outlive the exchange.
  virtual void on_request(std::string body, Respond respond) = 0;

  /// The client left before the answer, or before its whole body had come.
  virtual void on_gone() {}
};

/// The way of one request: to the handler of a WebSocket, to an answer, to an exchange that makes the answer,
/// or with its connection to another worker, which routes it again. Nothing: 404.
struct Routing {
  std::unique_ptr<ws::Handler> handler{};
  std::string_view subprotocol{};  // of the handler, chosen if the client offers it; a constant
  std::optional<Answer> answer{};
  std::unique_ptr<Exchange> exchange{};
  std::optional<std::size_t> worker{};
};
using Router = std::function<Routing(const RequestHead&)>;

/// A connection on its way to another worker (transferred_connection.hpp).
class TransferredConnection;

/// Calls to the server's owner; each may be empty.
struct ServerEvents {
  std::function<void()> on_accept_error;  // EMFILE and the like
  std::function<void()> on_slow_consumer;
  std::function<void(std::size_t worker, std::shared_ptr<TransferredConnection>)> on_transfer;
  std::function<void()> on_at_capacity{};  // a connection is answered 503 since too many files are open
};

/// All calls on the worker's thread, which runs `context`.
class Server {
 public:
  /// With an `identity` every connection begins with a TLS handshake.
  Server(boost::asio::io_context& context, loop::FlushList& flush_list, ws::ConnectionLimits limits,
         Router router, ServerEvents events, std::shared_ptr<const tls::ServerIdentity> identity = nullptr);
  ~Server();

  /// Opens the acceptor with SO_REUSEPORT, so that each worker has one, and starts to accept. Throws
  /// std::runtime_error.
  void listen(const std::string& address, std::uint16_t port);

  /// Serves a connection that another worker accepted.
  void adopt(const std::shared_ptr<TransferredConnection>& connection);

  /// From now on upgrades are answered 503, and connections that made no other request are dropped. Other
  /// requests are routed as before, also on new connections: a client may be between two polls.
  void refuse_upgrades();

  /// Closes every WebSocket with the code. Each is gone within close_timeout.
  void close_all(std::uint16_t code, std::string_view reason);

  /// Checks the deadlines of all connections. To be called once a second.
  void sweep(std::chrono::steady_clock::time_point now);

  /// Unsent bytes of all WebSockets, with 64 bytes for each frame, as of the last sweep.
  std::size_t outbox_bytes() const;

  /// WebSockets that are not yet destroyed.
  std::size_t connections() const;

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace chat::gateway::http
