// The HTTP phase of one connection: requests until an upgrade or the end.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include <boost/intrusive/list.hpp>

#include "gateway/http/server.hpp"
#include "gateway/loop/environment.hpp"
#include "gateway/loop/event.hpp"
#include "gateway/loop/task.hpp"

namespace chat::gateway::http {

/// An answer that is still to come. Shared with who gives it.
struct AwaitedAnswer {
  std::optional<Answer> answer{};
  bool is_given_up = false;
  loop::Event changed{};

  void give(Answer given) {
    if (answer) return;
    answer = std::move(given);
    changed.notify();
  }
  void give_up() {
    is_given_up = true;
    changed.notify();
  }
};

/// A connection that has not upgraded; cut when its deadline passes. Lives in its coroutine.
class HttpSession
    : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using List = boost::intrusive::list<HttpSession, boost::intrusive::constant_time_size<false>>;

  explicit HttpSession(loop::Socket accepted) : socket(std::move(accepted)) {}

  void cut() {
    boost::system::error_code ignored;
    socket.close(ignored);
    if (awaited) awaited->give_up();
  }

  loop::Socket socket;
  TimePoint deadline = TimePoint::max();
  bool has_exchanged = false;  // it asked for more than an upgrade: a client that polls
  std::shared_ptr<AwaitedAnswer> awaited{};
};

/// How long a connection may take before it upgrades.
struct RequestLimits {
  std::chrono::seconds receive_timeout{10};     // for a request's header, and again for its body
  std::chrono::seconds keep_alive_timeout{75};  // between requests; longer than that of a proxy before us
  std::chrono::seconds write_deadline{20};      // while the kernel takes nothing of an answer
};

/// What the coroutines of one server share, and what outlives it with them.
struct ServerState {
  Router router;
  std::function<void(std::size_t worker, std::shared_ptr<Moving>)> on_move;
  std::shared_ptr<loop::Environment> environment;
  RequestLimits limits{};
  HttpSession::List http_sessions{};
  bool is_stopped = false;  // no further WebSocket begins
};

enum class Admission { welcome, no_room };

/// Answers requests, one after the other, each header within receive_timeout and 8 KiB; hands an upgraded
/// connection over and ends, so that nothing of it is kept for the WebSocket's life. With no_room every
/// request is answered 503.
loop::Task<void> serve_accepted(loop::Socket socket, std::shared_ptr<ServerState> state, Admission admission);

/// The same on a connection that another worker accepted, beginning with the request that it has read.
loop::Task<void> serve_moved(loop::Executor executor, std::shared_ptr<Moving> moving,
                             std::shared_ptr<ServerState> state);

}  // namespace chat::gateway::http
