// One Engine.IO session over long polling, over a WebSocket, or upgraded from the first to the second. Knows
// no clock and no socket.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/connection/connection.hpp"
#include "gateway/connection/frame.hpp"
#include "gateway/engineio/engine_answer.hpp"
#include "gateway/engineio/engine_handler.hpp"
#include "gateway/engineio/engine_packet.hpp"
#include "gateway/engineio/engine_settings.hpp"
#include "gateway/engineio/heartbeat.hpp"
#include "gateway/engineio/poll_queue.hpp"
#include "gateway/engineio/post_intake.hpp"
#include "gateway/engineio/upgrade_probe.hpp"

namespace chat::gateway::engineio {

/// On one worker; held by a shared_ptr. Answers and closes as the reference server does (engine.io-protocol,
/// revision 4). An upgrade neither loses nor duplicates a packet.
class EngineSession : public std::enable_shared_from_this<EngineSession> {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// Runs a call in a later turn of the worker.
  using Later = std::function<void(std::function<void()>)>;

  /// `settings` outlive the session.
  EngineSession(std::string sid, const EngineSettings& settings, std::unique_ptr<EngineHandler> handler,
                Later later);
  EngineSession(std::string, EngineSettings&&, std::unique_ptr<EngineHandler>, Later) = delete;
  ~EngineSession();
  EngineSession(const EngineSession&) = delete;
  EngineSession& operator=(const EngineSession&) = delete;

  const std::string& sid() const { return sid_; }
  bool is_closed() const { return state_ == State::closed; }
  bool is_polling() const { return socket_ == nullptr; }

  /// Null over polling. Frames may also be delivered to it directly until the session ends.
  ws::Connection* websocket() const { return socket_; }

  /// The session ended because its polls did not take the frames fast enough.
  bool was_too_slow() const { return was_too_slow_; }

  /// The handshake's request; the answer is the open packet.
  void open_polling(const Reply& reply, TimePoint now);

  /// `socket` outlives the session or says on_socket_closed.
  void open_socket(ws::Connection& socket, TimePoint now);

  /// A GET: answered when there is something to send. A second one while the first waits closes the session.
  void poll(Reply reply, TimePoint now);

  /// The client left its waiting poll: the session is closed.
  void on_poll_gone();

  /// A POST begins; its body is still to come. False where no POST is allowed: the session is not open or
  /// does not poll, or an earlier POST is not answered yet, which closes the session.
  bool begin_post();

  /// The body of the POST: answered when the handler has taken all of it.
  void post(std::string_view body, Reply reply, TimePoint now);

  /// The POST's client left. A body that has not come does not come any more; one that has come is still
  /// handed on.
  void abandon_post() { post_.abandon(); }

  /// Closes for a request that breaks the protocol in another way.
  void fail();

  /// A further WebSocket of this session. False where none is allowed: the session has one, or another one is
  /// probing.
  bool begin_upgrade(ws::Connection& socket, TimePoint now);

  /// A message on a WebSocket of this session.
  void on_frame(ws::Connection& socket, std::string_view data, bool binary, TimePoint now);
  void on_socket_closed(const ws::Connection& socket);

  /// Without effect once closed. Appended in order; a frame is shared with other sessions. Never ends the
  /// session inside.
  void send(const ws::FrameRef& frame);

  /// Ends the session after the frames that were sent; over polling with the next polls, or after one ping
  /// interval.
  void close();

  /// The handler is ready for messages again; they come in a later turn.
  void resume_reading();

  /// Runs the call in a later turn, unless the session is closed by then.
  void call_later(std::function<void()> call);

  /// Bytes that can be sent before the session is closed as too slow.
  std::size_t outbox_free_bytes() const;

  /// What waits for the next poll; 0 with a WebSocket, whose connection counts it.
  std::size_t queued_bytes() const { return is_polling() ? queue_.bytes() : 0; }

  /// Whether a WebSocket of the session may read on.
  bool ready_for_message(const ws::Connection& socket) const;

  /// The time of the next on_deadline() call; an earlier call is without effect.
  TimePoint deadline() const;
  void on_deadline(TimePoint now);

  /// To be called once a second.
  void on_tick(TimePoint now);

 private:
  enum class State : std::uint8_t { opening, open, closing, closed };

  void announce(TimePoint now);
  void on_packet(const EnginePacket& packet);
  void on_probe_packet(const std::optional<EnginePacket>& packet);
  void upgrade();
  void ping(TimePoint now);
  void hand_on();
  bool hand_on_packet();
  void finish_post(EngineAnswer answer);
  bool is_held_back() const;
  void answer_poll();
  void give_up();
  void end(std::string_view last_packet);

  // The members that a delivery touches come first.
  State state_ = State::opening;
  bool was_too_slow_ = false;
  ws::Connection* socket_ = nullptr;  // null: long polling
  PollQueue queue_;

  const std::string sid_;
  const EngineSettings& settings_;
  const std::unique_ptr<EngineHandler> handler_;
  const Later later_;
  TimePoint now_{};  // of the last call that gave a time
  PostIntake post_;
  UpgradeProbe probe_;
  Heartbeat heartbeat_;
};

}  // namespace chat::gateway::engineio
