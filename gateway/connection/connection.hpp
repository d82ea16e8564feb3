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
  std::chrono::seconds ping_interval{20};      // a client that is silent for so long gets a ping
  std::chrono::seconds idle_timeout{40};       // a client that is silent for so long is cut
  std::chrono::seconds write_deadline{20};     // while the outbox is not empty and the kernel takes nothing
  std::chrono::seconds close_timeout{5};       // for the client's part of the closing handshake
};

class Connection;

/// The protocol on one connection. Owned by the connection. All calls come on the connection's worker.
class Handler {
 public:
  virtual ~Handler() = default;

  /// The first call, right after the upgrade. `connection` outlives the handler.
  virtual void on_open(Connection& connection) = 0;

  /// A whole message; a text is valid UTF-8. The view lives for the call.
  virtual void on_message(Opcode opcode, std::string_view payload) = 0;

  /// The bound of a message in bytes; 0: the listener's limit.
  virtual std::size_t max_message_bytes() const { return 0; }

  /// Whether the handler takes the next message now. After a false, the handler calls
  /// Connection::resume_reading() once it is ready.
  virtual bool ready_for_message() const { return true; }

  /// Called once a second.
  virtual void on_tick(std::chrono::steady_clock::time_point now) { static_cast<void>(now); }

  /// The last call, made exactly once: nothing can be sent any more, and no message comes. The handler is
  /// destroyed after it.
  virtual void on_closed() = 0;
};

/// All calls on the worker's thread. Calls after the close have no effect.
class Connection {
 public:
  virtual ~Connection() = default;

  /// Appends a whole frame to the outbox; it is sent at the end of this loop turn. Never blocks, never calls
  /// the handler, never destroys the connection. If the outbox is over its bound, the connection is closed
  /// with 4000.
  virtual void deliver(const FrameRef& frame) = 0;

  /// The same for a frame of this connection alone.
  virtual void send_text(std::string_view payload) = 0;

  /// Starts the closing handshake (RFC 6455 section 7.1.2) after the frames in the outbox. The connection is
  /// cut after close_timeout.
  virtual void close(std::uint16_t code, std::string_view reason) = 0;

  /// The handler takes messages again.
  virtual void resume_reading() = 0;

  /// Unsent bytes, plus 64 for each frame.
  virtual std::size_t outbox_bytes() const = 0;

  /// Bytes that can be delivered before the connection is closed with 4000.
  virtual std::size_t outbox_free_bytes() const = 0;
};

}  // namespace chat::gateway::ws
