// The HTTP phase of one connection: requests until an upgrade or the end.
#pragma once

#include <chrono>
#include <memory>

#include <boost/intrusive/list.hpp>

#include "gateway/http/server.hpp"
#include "gateway/ws/environment.hpp"
#include "gateway/ws/task.hpp"

namespace chat::gateway::http {

/// A connection that has not upgraded; cut when its deadline passes. Lives in its coroutine.
class HttpSession
    : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using List = boost::intrusive::list<HttpSession, boost::intrusive::constant_time_size<false>>;

  explicit HttpSession(ws::Socket accepted) : socket(std::move(accepted)) {}

  void cut() {
    boost::system::error_code ignored;
    socket.close(ignored);
  }

  ws::Socket socket;
  TimePoint deadline = TimePoint::max();
};

/// What the coroutines of one server share, and what outlives it with them.
struct ServerState {
  Router router;
  std::shared_ptr<ws::Environment> environment;
  HttpSession::List http_sessions{};
};

enum class Admission { welcome, no_room };

/// Answers requests, one after the other, each header within handshake_timeout and 8 KiB; hands an upgraded
/// connection over and ends, so that nothing of it is kept for the WebSocket's life. With no_room every
/// request is answered 503.
ws::Task<void> serve_http(ws::Socket socket, std::shared_ptr<ServerState> state, Admission admission);

}  // namespace chat::gateway::http
