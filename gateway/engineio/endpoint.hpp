// Engine.IO at a path of one worker's server: polling requests, WebSockets, and the upgrade from one to the
// other.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>

#include "gateway/engineio/engine_session.hpp"
#include "gateway/engineio/session_table.hpp"
#include "gateway/http/origins.hpp"
#include "gateway/http/server.hpp"

namespace chat::gateway::engineio {

struct EndpointOptions {
  std::string gateway;      // what session ids begin with, so that a balancer finds their gateway
  std::size_t worker = 0;   // and then the worker, to which its requests are moved
  std::size_t workers = 1;  // of this gateway
  engineio::EngineSettings engine{};
  http::Origins origins{};
  std::function<void()>
      on_slow_consumer{};  // a session ended since its client polls too slowly; may be empty
};

/// All calls on the worker's thread.
class Endpoint {
 public:
  using MakeHandler = std::function<std::unique_ptr<engineio::EngineHandler>()>;

  /// `make_handler` makes what lives on a new session.
  Endpoint(boost::asio::io_context& context, EndpointOptions options, MakeHandler make_handler);

  /// Ends every session. The server, whose requests refer to the endpoint, is gone or idle by then.
  ~Endpoint();
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  /// Where a request at the endpoint's path goes. What is no part of the protocol is answered as the
  /// reference server does (engine.io-protocol, revision 4).
  http::Routing route(const http::RequestHead& request);

  /// Once a second.
  void tick(std::chrono::steady_clock::time_point now);

  /// New sessions are refused; those that are there go on.
  void stop_accepting() { is_stopped_ = true; }

  /// Closes every session; one that nobody polls meanwhile is ended with the next tick but one.
  void close_all();

  /// Open sessions without a WebSocket, as of the last tick.
  std::size_t polling_sessions() const { return sessions_.polling(); }

 private:
  class OpenExchange;
  class PollExchange;
  class PostExchange;
  class Client;
  using Session = SessionTable::Session;

  http::Routing open(const http::RequestHead& request, bool is_websocket, std::string headers);
  http::Routing go_on(const http::RequestHead& request, std::string_view sid, bool is_websocket,
                      std::string headers);
  std::size_t worker_of(std::string_view sid) const;
  Session make_session();

  boost::asio::io_context& context_;
  const EndpointOptions options_;
  const MakeHandler make_handler_;
  bool is_stopped_ = false;
  int ticks_to_end_ = 0;  // once all are to be closed
  SessionTable sessions_;
};

}  // namespace chat::gateway::engineio
