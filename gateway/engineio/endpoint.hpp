// Engine.IO at a path of one worker's server: polling requests, WebSockets, and the upgrade.
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
  std::string gateway;      // session ids begin with it, so that a balancer finds the gateway
  std::size_t worker = 0;   // then comes the worker, so that the gateway finds it
  std::size_t workers = 1;  // of this gateway
  EngineSettings engine{};
  http::Origins origins{};
  std::function<void()>
      on_slow_consumer{};  // a session ended because its client polls too slowly; may be empty
  std::function<void()> on_at_capacity{};  // a new session was refused since there are too many; may be empty
};

/// All calls on the worker's thread.
class Endpoint {
 public:
  using MakeHandler = std::function<std::unique_ptr<EngineHandler>()>;

  /// `make_handler` makes the handler of a new session.
  Endpoint(boost::asio::io_context& context, EndpointOptions options, MakeHandler make_handler);

  /// Ends every session. The server's requests refer to the endpoint, so the server is gone or idle by then.
  ~Endpoint();
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  /// Routes a request at the endpoint's path. Requests that break the protocol get the reference server's
  /// answers (engine.io-protocol, revision 4).
  http::Routing route(const http::RequestHead& request);

  /// To be called once a second.
  void tick(std::chrono::steady_clock::time_point now);

  /// New sessions are refused; existing ones continue.
  void stop_accepting() { is_stopped_ = true; }

  /// Closes every session. A session that is not polled meanwhile ends at the second tick.
  void close_all();

  /// Open sessions without a WebSocket, as of the last tick.
  std::size_t polling_sessions() const { return sessions_.polling(); }

  /// What waits for their polls, with 64 bytes for each frame, as of the last tick.
  std::size_t outbox_bytes() const { return sessions_.outbox_bytes(); }

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
  int ticks_to_end_ = 0;  // 0: close_all() was not called
  SessionTable sessions_;
};

}  // namespace chat::gateway::engineio
