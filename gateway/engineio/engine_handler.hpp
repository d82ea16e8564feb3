// The interface between an Engine.IO session and the protocol that runs on it.
#pragma once

#include <chrono>
#include <string_view>

namespace chat::gateway::engineio {

class EngineSession;

/// The protocol on one session. Owned by the session. All calls come on the session's worker; each may close
/// the session.
class EngineHandler {
 public:
  virtual ~EngineHandler() = default;

  /// The first call. `session` outlives the handler.
  virtual void on_open(EngineSession& session, std::chrono::steady_clock::time_point now) = 0;

  /// The view lives for the call.
  virtual void on_message(std::string_view data, bool binary) = 0;

  /// The session's transport is a WebSocket now (EngineSession::websocket()).
  virtual void on_upgraded() {}

  /// Whether the handler takes the next message now. After a false, the handler calls
  /// EngineSession::resume_reading() once it is ready.
  virtual bool ready_for_message() const { return true; }

  /// The time of the next on_deadline() call. The session reads it after each call into the handler.
  virtual std::chrono::steady_clock::time_point deadline() const {
    return std::chrono::steady_clock::time_point::max();
  }
  virtual void on_deadline(std::chrono::steady_clock::time_point now) { static_cast<void>(now); }

  /// Called once a second.
  virtual void on_tick(std::chrono::steady_clock::time_point now) { static_cast<void>(now); }

  /// The last call, made exactly once: nothing can be sent any more, and no message comes.
  virtual void on_closed() = 0;
};

}  // namespace chat::gateway::engineio
