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

#include "gateway/http/answers.hpp"
#include "gateway/ws/connection.hpp"
#include "gateway/ws/flush_list.hpp"

namespace chat::gateway::http {

/// Binds address:port once without SO_REUSEPORT, so that a second server on the port is told, and gives the
/// port that was bound. Throws std::runtime_error with one sentence (address, port, reason).
std::uint16_t check_port_is_free(const std::string& address, std::uint16_t port);

/// What an endpoint needs to know of the request; views live for the call.
struct UpgradeRequest {
  std::string_view target;
  bool is_get = true;
  bool wants_upgrade = true;
  std::string_view origin;
  std::string_view authorization;
  std::string_view subprotocols;
};

/// What is at a path: the handler of a WebSocket, or an answer of its own; neither: 404.
struct Routing {
  std::unique_ptr<ws::Handler> handler;
  std::optional<Answer> answer;
};
using Router = std::function<Routing(const UpgradeRequest&)>;

struct ServerCounters {
  std::function<void()> on_accept_error;  // EMFILE and the like
  std::function<void()> on_slow_consumer;
};

/// All calls on the worker's thread, which runs `context`.
class Server {
 public:
  Server(boost::asio::io_context& context, ws::FlushList& flush_list, ws::ConnectionLimits limits,
         Router router, ServerCounters counters);
  ~Server();

  /// Opens the acceptor with SO_REUSEPORT (A2) and begins to accept. Throws std::runtime_error.
  void listen(const std::string& address, std::uint16_t port);

  /// No new connections; those that have not upgraded yet are dropped.
  void stop_accepting();

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
