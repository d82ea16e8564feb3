// One WebSocket connection: reads whole messages, sends shared frames, pings, closes.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "gateway/connection/frame.hpp"

namespace chat::gateway::ws {

/// Limits of all WebSocket connections of a listener.
struct ConnectionLimits {
  std::size_t max_message_bytes = 64 * 1024;   // over it: close 1009
  std::size_t max_outbox_bytes = 1024 * 1024;  // over it: close 4000; at least 1 MiB, so that a page fits
  std::chrono::seconds handshake_timeout{10};  // for the answer to the upgrade
  std::chrono::seconds ping_interval{20};      // a ping after so long without anything from the client
  std::chrono::seconds idle_timeout{40};       // and gone after so long
  std::chrono::seconds write_deadline{20};     // while the outbox is not empty and the kernel takes nothing
  std::chrono::seconds close_timeout{5};       // for the client's part of the closing handshake
};

class Connection;

/// What lives on a connection: a native chat client, an echo. Owned by the connection; all calls on its
/// worker.
class Handler {
 public:
  virtual ~Handler() = default;

  /// Right after the upgrade; `connection` outlives the handler.
  virtual void on_open(Connection& connection) = 0;

  /// A whole message (text already proven UTF-8). The view lives for the call.
  virtual void on_message(Opcode opcode, std::string_view payload) = 0;

  /// The largest message that it takes, in bytes; 0: the listener's limit.
  virtual std::size_t max_message_bytes() const { return 0; }

  /// Whether the next message may be read. After false, Connection::resume_reading() asks again.
  virtual bool ready_for_message() const { return true; }

  /// Once a second, from the worker's sweep.
  virtual void on_tick(std::chrono::steady_clock::time_point now) { static_cast<void>(now); }

  /// Exactly once, when nothing can be sent or read any more; the handler is destroyed after it.
  virtual void on_closed() = 0;
};

/// All calls on the worker's thread. Calls after the close are without effect.
class Connection {
 public:
  virtual ~Connection() = default;

  /// Appends a whole frame to the outbox; it goes out at the end of this loop turn. Never blocks, never
  /// completes inside, never destroys the connection. Over the bound: close 4000 (DESIGN, outbox).
  virtual void deliver(const FrameRef& frame) = 0;

  /// The same for a frame of this connection alone.
  virtual void send_text(std::string_view payload) = 0;

  /// Begins the closing handshake (RFC 6455 section 7.1.2) behind what the outbox holds; cut after
  /// close_timeout.
  virtual void close(std::uint16_t code, std::string_view reason) = 0;

  virtual void resume_reading() = 0;

  virtual std::size_t outbox_bytes() const = 0;

  /// What the outbox takes before the connection is closed with 4000.
  virtual std::size_t outbox_free_bytes() const = 0;
};

}  // namespace chat::gateway::ws
