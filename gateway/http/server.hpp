// One worker's listener: accepts, reads the HTTP request, upgrades to WebSocket or answers.
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

namespace chat::gateway::http {

/// Binds address:port once without SO_REUSEPORT, so that a second server on the port is told, and gives the
/// port that was bound. Throws std::runtime_error with one sentence (address, port, reason).
std::uint16_t check_port_is_free(const std::string& address, std::uint16_t port);

/// What an endpoint needs to know of the request; views live for the call.
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

/// One request that an endpoint answers, now or later. Owned by the request; all calls on the worker.
class Exchange {
 public:
  using Respond = std::function<void(Answer)>;

  virtual ~Exchange() = default;

  /// A larger body is answered 413 with these header lines, and on_request() does not come.
  virtual std::size_t max_body_bytes() const { return 0; }
  virtual std::string refusal_headers() const { return {}; }

  /// The whole request is there. `respond` is called once; it may outlive the exchange.
  virtual void on_request(std::string body, Respond respond) = 0;

  /// The client left before the answer, or its body did not come.
  virtual void on_gone() {}
};

/// What is at a path: the handler of a WebSocket, an answer, or who makes one; nothing: 404. A request of
/// another worker's goes there with its connection, and is routed again.
struct Routing {
  std::unique_ptr<ws::Handler> handler{};
  std::string_view subprotocol{};  // of the handler, preferred where a client offers it; a constant
  std::optional<Answer> answer{};
  std::unique_ptr<Exchange> exchange{};
  std::optional<std::size_t> worker{};
};
using Router = std::function<Routing(const RequestHead&)>;

/// A connection on its way to another worker, with the request that has been read. Closed when nobody adopts
/// it.
class TransferredConnection;

/// What a server tells its owner; each may be empty.
struct ServerEvents {
  std::function<void()> on_accept_error;  // EMFILE and the like
  std::function<void()> on_slow_consumer;
  std::function<void(std::size_t worker, std::shared_ptr<TransferredConnection>)> on_transfer;
};

/// All calls on the worker's thread, which runs `context`.
class Server {
 public:
  Server(boost::asio::io_context& context, loop::FlushList& flush_list, ws::ConnectionLimits limits,
         Router router, ServerEvents events);
  ~Server();

  /// Opens the acceptor with SO_REUSEPORT (A2) and begins to accept. Throws std::runtime_error.
  void listen(const std::string& address, std::uint16_t port);

  /// Goes on with a connection of another worker's.
  void adopt(const std::shared_ptr<TransferredConnection>& connection);

  /// No WebSocket any more: upgrades are answered 503, and who waits for nothing else is dropped. Other
  /// requests are routed as before, also on new connections: who polls may have none open at the moment.
  void refuse_upgrades();

  /// Closes every WebSocket with the code; they go within close_timeout.
  void close_all(std::uint16_t code, std::string_view reason);

  /// Looks at the deadlines of all connections; to be called once a second.
  void sweep(std::chrono::steady_clock::time_point now);

  /// Open WebSockets (not yet destroyed).
  std::size_t connections() const;

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace chat::gateway::http
