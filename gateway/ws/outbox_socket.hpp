// A socket with an outbox: frames go out by non-blocking writes at the end of a loop turn.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>

#include "gateway/loop/environment.hpp"
#include "gateway/loop/event.hpp"
#include "gateway/loop/flush_list.hpp"
#include "gateway/loop/task.hpp"
#include "gateway/tls/client_stream.hpp"
#include "gateway/ws/outbox.hpp"

namespace chat::gateway::ws {

/// All calls on the worker's thread. Always held by a shared_ptr; a pending wait for the kernel holds one
/// too.
class OutboxSocket : public loop::Flushable, public std::enable_shared_from_this<OutboxSocket> {
 public:
  OutboxSocket(tls::ClientStream stream, std::shared_ptr<loop::Environment> environment);

  tls::ClientStream& client_stream() { return client_stream_; }

  bool is_open() const { return descriptor_ >= 0; }

  /// Further frames are dropped: a Close frame is in the outbox or was sent, or the socket is cut.
  bool is_finished() const { return finished_; }

  /// Appends a frame, which is sent at the end of this turn. If the outbox is over its bound, it keeps a
  /// partly sent frame, drops the rest, and ends with Close 4000. Without effect once finished.
  void push(const FrameRef& frame) {
    if (finished_) return;
    if (!outbox_.fits(*frame, environment_->limits.max_outbox_bytes)) return overflow();
    append(frame);
  }

  /// The same for a Close frame, which always fits and is the last one. The peer must answer it within
  /// close_timeout.
  void push_close(FrameRef close);

  /// Writes without blocking, and waits if the kernel's buffer is full. Errors cut the socket.
  void flush() override;

  /// Resets the connection (RST), so that the kernel keeps nothing of it. Idempotent.
  void reset();

  /// Closes without a reset, under TLS after close_notify; the kernel still sends what it holds. Idempotent.
  void close_orderly();

  /// Resets the socket if it is past its deadline, or if the kernel took no byte within write_deadline.
  void check_deadlines(loop::Environment::TimePoint now);

  void set_deadline(loop::Environment::TimePoint deadline) { deadline_ = deadline; }

  std::size_t outbox_bytes() const { return outbox_.weight(); }
  std::size_t outbox_free_bytes() const {
    const std::size_t bound = environment_->limits.max_outbox_bytes;
    return bound - std::min(bound, outbox_.weight());
  }
  bool has_unsent() const { return !outbox_.empty(); }

  /// The stream layer calls it whenever it has used up all input and reads more.
  void note_received() {
    last_received_ = environment_->now;
    ping_sent_ = false;
  }

 protected:
  ~OutboxSocket() override = default;

  loop::Environment& environment() { return *environment_; }
  const loop::Environment& environment() const { return *environment_; }

  /// Pings or resets a peer that was silent for too long.
  void check_silence(loop::Environment::TimePoint now);

  /// Notified when the outbox has drained and when the socket is cut; for the connection's only coroutine.
  loop::Event changed_;

 private:
  void append(FrameRef frame);
  void overflow();
  /// Writes one TLS record of the outbox; false when flush() has to end.
  bool flush_record(std::span<const iovec> parts, bool& made_progress);
  void wait_for_kernel(bool made_progress, boost::asio::socket_base::wait_type wanted);
  void close_socket();

  // The members that a delivery touches come first.
  int descriptor_ = -1;
  bool finished_ = false;
  bool waiting_for_kernel_ = false;
  bool ping_sent_ = false;
  bool is_tls_ = false;
  std::shared_ptr<loop::Environment> environment_;
  Outbox outbox_;

  tls::ClientStream client_stream_;
  loop::Environment::TimePoint last_received_;
  loop::Environment::TimePoint blocked_since_;
  loop::Environment::TimePoint deadline_ = loop::Environment::TimePoint::max();
};

}  // namespace chat::gateway::ws
