// The state of one connection in its HTTP phase.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include <boost/intrusive/list.hpp>

#include "gateway/http/answers.hpp"
#include "gateway/loop/event.hpp"
#include "gateway/tls/client_stream.hpp"

namespace chat::gateway::http {

/// An answer that is still to come. Shared with the code that gives it.
struct AwaitedAnswer {
  std::optional<Answer> answer{};
  bool is_given_up = false;
  loop::Event changed{};

  /// The first answer counts.
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

  explicit HttpSession(tls::ClientStream client) : stream(std::move(client)) {}

  void cut() {
    stream.close();
    if (awaited) awaited->give_up();
  }

  tls::ClientStream stream;
  TimePoint deadline = TimePoint::max();
  bool has_exchanged = false;  // it made a request other than an upgrade: a client that polls
  std::shared_ptr<AwaitedAnswer> awaited{};
};

}  // namespace chat::gateway::http
