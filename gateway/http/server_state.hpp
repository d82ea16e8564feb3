// What the coroutines of one server share.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

#include "gateway/http/http_session.hpp"
#include "gateway/http/server.hpp"
#include "gateway/loop/environment.hpp"
#include "gateway/tls/server_identity.hpp"

namespace chat::gateway::http {

/// How long a connection may take before it upgrades.
struct RequestLimits {
  std::chrono::seconds receive_timeout{10};     // for a request's header, and again for its body
  std::chrono::seconds keep_alive_timeout{75};  // between requests; longer than a proxy's in front of us
  std::chrono::seconds write_deadline{20};      // while the kernel takes nothing of an answer
};

/// Lives as long as the server and each of its connections.
struct ServerState {
  Router router;
  std::function<void(std::size_t worker, std::shared_ptr<TransferredConnection>)> on_transfer;
  std::shared_ptr<loop::Environment> environment;
  std::shared_ptr<const tls::ServerIdentity> identity;  // null without TLS
  RequestLimits limits{};
  HttpSession::List http_sessions{};
  bool is_stopped = false;  // no further WebSocket begins
};

}  // namespace chat::gateway::http
