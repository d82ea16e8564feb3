// One Engine.IO session over long polling, a WebSocket, or first the one and then the other. Knows no clock
// and no socket.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/connection/connection.hpp"
#include "gateway/connection/frame.hpp"
#include "gateway/engineio/engine_packet.hpp"

namespace chat::gateway::engineio {

struct EngineSettings {
  std::chrono::milliseconds ping_interval{25'000};
  std::chrono::milliseconds ping_timeout{20'000};
  std::chrono::milliseconds upgrade_timeout{10'000};  // from the WebSocket's opening to the upgrade packet
  std::size_t max_payload = 1'000'000;                // bytes of a POST and of a message
  std::size_t max_outbox_bytes = 1024 * 1024;         // that wait for a poll; over it the session is closed
};

/// The answer to a poll or a POST.
struct EngineAnswer {
  unsigned status = 200;
  std::string body;
};

class EngineSession;

/// What lives on a session. All calls on its worker; each may close the session.
class EngineHandler {
 public:
  virtual ~EngineHandler() = default;

  /// `session` outlives the handler.
  virtual void on_open(EngineSession& session, std::chrono::steady_clock::time_point now) = 0;
  virtual void on_message(std::string_view data, bool binary) = 0;

  /// The session's transport is a WebSocket now (EngineSession::websocket()).
  virtual void on_upgraded() {}

  /// Whether the next message may come. After false, EngineSession::resume_reading() asks again.
  virtual bool ready_for_message() const { return true; }

  /// When on_deadline() is to be called, if nothing changes before.
  virtual std::chrono::steady_clock::time_point deadline() const {
    return std::chrono::steady_clock::time_point::max();
  }
  virtual void on_deadline(std::chrono::steady_clock::time_point now) { static_cast<void>(now); }

  /// Once a second.
  virtual void on_tick(std::chrono::steady_clock::time_point now) { static_cast<void>(now); }

  /// Exactly once, when nothing can be sent or comes any more.
  virtual void on_closed() = 0;
};

/// A frame that every transport can send: a message's text frame ("4…"), or a binary one.
ws::FrameRef make_message_frame(std::string_view data, bool binary);

/// On one worker; held by a shared_ptr. Answers and closes as the reference server does (engine.io-protocol,
/// revision 4): no packet is lost or doubled by an upgrade.
class EngineSession : public std::enable_shared_from_this<EngineSession> {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using Reply = std::function<void(EngineAnswer)>;

  /// `later` runs a call in a later turn of the worker.
  using Later = std::function<void(std::function<void()>)>;

  EngineSession(std::string sid, const EngineSettings& settings, std::unique_ptr<EngineHandler> handler,
                Later later);
  ~EngineSession();
  EngineSession(const EngineSession&) = delete;
  EngineSession& operator=(const EngineSession&) = delete;

  const std::string& sid() const { return sid_; }
  bool is_closed() const { return state_ == State::closed; }
  bool is_polling() const { return socket_ == nullptr; }

  /// Null over polling. Until the session's end frames may also be delivered to it directly.
  ws::Connection* websocket() const { return socket_; }

  /// It was given up since too much waited for its polls.
  bool was_too_slow() const { return was_too_slow_; }

  /// The handshake's request; the answer is the open packet.
  void open_polling(const Reply& reply, TimePoint now);

  /// `socket` outlives the session or says on_socket_closed.
  void open_socket(ws::Connection& socket, TimePoint now);

  /// A GET: answered when there is something to send. A second one while the first waits closes the session.
  void poll(Reply reply, TimePoint now);

  /// The client left the poll that waits: the session is closed.
  void on_poll_gone();

  /// A POST begins: its body is still to come. False where none may: while another one is not answered, which
  /// closes the session, or when the session is not polling.
  bool begin_post();

  /// Its body: answered when the handler has taken all of it.
  void post(std::string_view body, Reply reply, TimePoint now);

  /// Its client left: a body that has not come does not come, one that has is still handed on.
  void abandon_post();

  /// Closes for a request that breaks the protocol in another way.
  void fail();

  /// A further WebSocket of this session. False where none may be: it has one, or another one is probing.
  bool begin_upgrade(ws::Connection& socket, TimePoint now);

  /// A message on a WebSocket of this session.
  void on_frame(ws::Connection& socket, std::string_view data, bool binary, TimePoint now);
  void on_socket_closed(const ws::Connection& socket);

  /// Without effect once closed. Appended in order; a frame is shared with other sessions. Never ends the
  /// session inside.
  void send(const ws::FrameRef& frame);

  /// Ends the session behind what was sent; over polling with the next polls, or after a ping interval.
  void close();

  /// The handler is ready for messages again; they come in a later turn.
  void resume_reading();

  /// Runs the call in a later turn, unless the session is closed by then.
  void call_later(std::function<void()> call);

  /// Bytes that can be sent before the session is closed as too slow.
  std::size_t outbox_room() const;

  /// Whether a WebSocket of the session may read on.
  bool ready_for_message(const ws::Connection& socket) const;

  /// When on_deadline() is to be called; an earlier call is without effect.
  TimePoint deadline() const;
  void on_deadline(TimePoint now);

  /// Once a second.
  void on_tick(TimePoint now);

 private:
  enum class State { opening, open, closing, closed };

  std::string open_packet(bool can_upgrade) const;
  void announce(TimePoint now);
  void on_packet(const EnginePacket& packet);
  void on_probing_packet(const EnginePacket& packet);
  void upgrade();
  void abandon_upgrade();
  void ping(TimePoint now);
  void take_posted();
  bool take_packet();
  void answer_held_post();
  void end_post(EngineAnswer answer);
  bool is_held_back() const;
  void answer_poll();
  void answer_poll(std::string body);
  std::string take_payload();
  void give_up();
  void end(std::string_view last_packet);

  // What a delivery touches comes first.
  State state_ = State::opening;
  ws::Connection* socket_ = nullptr;  // none: long polling

  const std::string sid_;
  const EngineSettings settings_;
  const std::unique_ptr<EngineHandler> handler_;
  const Later later_;
  ws::Connection* probing_ = nullptr;  // on its way to become it
  bool is_probed_ = false;             // polls are answered at once from then on
  TimePoint now_{};                    // as of the last call that told it
  TimePoint next_ping_ = TimePoint::max();
  TimePoint pong_deadline_ = TimePoint::max();
  TimePoint upgrade_deadline_ = TimePoint::max();
  Reply poll_;
  bool was_too_slow_ = false;
  enum class Posting { none, awaits_body, hands_on };
  Posting posting_ = Posting::none;
  Reply post_;                         // none: answered before all was handed on
  std::string posted_;                 // the body
  std::size_t taken_ = 0;              // of it; beyond its end once all is
  std::vector<ws::FrameRef> waiting_;  // for a poll
  std::size_t waiting_bytes_ = 0;
};

}  // namespace chat::gateway::engineio
