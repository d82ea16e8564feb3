#include "gateway/engineio/engine_session.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "gateway/connection/close_codes.hpp"
#include "gateway/engineio/message_frame.hpp"
#include "gateway/engineio/open_packet.hpp"

namespace chat::gateway::engineio {
namespace {

constexpr std::string_view close_packet = "1";
constexpr std::string_view ping_packet = "2";
constexpr std::string_view noop_packet = "6";
constexpr int max_packets_per_turn = 32;

}  // namespace

EngineSession::EngineSession(std::string sid, const EngineSettings& settings,
                             std::unique_ptr<EngineHandler> handler, Later later)
    : queue_(settings.max_outbox_bytes),
      sid_(std::move(sid)),
      settings_(settings),
      handler_(std::move(handler)),
      later_(std::move(later)),
      heartbeat_(settings.ping_interval, settings.ping_timeout) {}

EngineSession::~EngineSession() {
  end(close_packet);
}

void EngineSession::open_polling(const Reply& reply, TimePoint now) {
  reply({200, make_open_packet(sid_, settings_, true)});
  announce(now);
}

void EngineSession::open_socket(ws::Connection& socket, TimePoint now) {
  socket_ = &socket;
  socket.send_text(make_open_packet(sid_, settings_, false));
  announce(now);
}

void EngineSession::announce(TimePoint now) {
  now_ = now;
  state_ = State::open;
  heartbeat_.start(now);
  handler_->on_open(*this, now);
}

void EngineSession::poll(Reply reply, TimePoint now) {
  const auto alive = shared_from_this();
  on_deadline(now);
  if (state_ == State::closed || !is_polling()) return reply(bad_request_answer());
  if (queue_.has_poll()) {
    end(close_packet);
    return reply(bad_request_answer());
  }
  queue_.hold(std::move(reply));
  answer_poll();
}

void EngineSession::on_poll_gone() {
  queue_.drop_poll();
  end(close_packet);
}

bool EngineSession::begin_post() {
  if (state_ != State::open || !is_polling()) return false;
  if (post_.begin()) return true;
  fail();
  return false;
}

void EngineSession::post(std::string_view body, Reply reply, TimePoint now) {
  const auto alive = shared_from_this();
  on_deadline(now);
  if (state_ != State::open || !is_polling() || !post_.awaits_body()) return reply(bad_request_answer());
  now_ = now;
  post_.accept(body, std::move(reply));
  // A client that upgrades sends its upgrade packet only after the answer to its POST.
  if (probe_.is_answered()) post_.answer_early();
  hand_on();
}

/// Hands the posted packets on while the handler takes them, and no more in one turn than a WebSocket would.
void EngineSession::hand_on() {
  if (!post_.is_handing_on()) return;
  const auto alive = shared_from_this();
  for (int packets = 0; post_.has_packet(); ++packets) {
    if (packets == max_packets_per_turn) return call_later([this] { hand_on(); });
    if (!hand_on_packet()) return;
  }
  if (post_.is_handing_on()) finish_post(ok_answer());
}

/// False when the handler does not take the next packet now. A broken packet ends the session; the packets
/// before it count.
bool EngineSession::hand_on_packet() {
  const std::string_view text = post_.next_packet();
  const bool is_message = text.starts_with('4') || text.starts_with('b');
  if (is_message && !handler_->ready_for_message()) return false;
  const auto packet = decode_packet(text, EngineCarrier::payload);
  post_.advance_past(text);
  if (packet)
    on_packet(*packet);
  else
    fail();
  return true;
}

void EngineSession::finish_post(EngineAnswer answer) {
  post_.finish(std::move(answer));
  // An upgraded WebSocket was not read while the POST was handed on.
  if (state_ == State::open && !is_polling()) socket_->resume_reading();
}

void EngineSession::fail() {
  end(close_packet);
}

bool EngineSession::begin_upgrade(ws::Connection& socket, TimePoint now) {
  if (state_ != State::open || !is_polling() || !probe_.begin(socket, now + settings_.upgrade_timeout))
    return false;
  now_ = now;
  return true;
}

void EngineSession::on_frame(ws::Connection& socket, std::string_view data, bool binary, TimePoint now) {
  if (state_ == State::closed) return;
  const auto alive = shared_from_this();
  now_ = now;
  const auto packet = read_frame(data, binary);
  if (probe_.is_on(socket)) return on_probe_packet(packet);
  if (&socket != socket_) return;
  if (!packet) return fail();
  on_packet(*packet);
}

void EngineSession::on_probe_packet(const std::optional<EnginePacket>& packet) {
  switch (probe_.on_packet(packet)) {
    case UpgradeProbe::Step::stop_polls:
      post_.answer_early();
      return answer_poll();
    case UpgradeProbe::Step::upgrade:
      return upgrade();
    case UpgradeProbe::Step::abandon:
      return probe_.abandon();
  }
}

void EngineSession::upgrade() {
  queue_.answer(std::string(noop_packet));
  socket_ = probe_.complete();
  for (const ws::FrameRef& frame : queue_.take_frames()) socket_->deliver(frame);
  if (state_ == State::closing) return end(close_packet);
  handler_->on_upgraded();
}

void EngineSession::on_socket_closed(const ws::Connection& socket) {
  if (probe_.is_on(socket)) {
    probe_.abandon();
  } else if (&socket == socket_) {
    end(close_packet);
  }
}

void EngineSession::on_packet(const EnginePacket& packet) {
  switch (packet.type) {
    case EngineType::message:
      if (state_ == State::open) handler_->on_message(packet.data, packet.binary);
      return;
    case EngineType::pong:
      if (state_ == State::open) heartbeat_.on_pong(now_);
      return;
    case EngineType::close:
      // The client asked for the close, so its waiting poll gets no close packet.
      finish_post(ok_answer());
      return end(noop_packet);
    default:
      return fail();
  }
}

void EngineSession::send(const ws::FrameRef& frame) {
  if (state_ == State::closed || state_ == State::closing) return;
  if (!is_polling()) return socket_->deliver(frame);
  if (!queue_.push(frame)) return give_up();
  answer_poll();
}

/// The caller may be iterating over a room's members, so the session ends with its next poll or deadline.
void EngineSession::give_up() {
  was_too_slow_ = true;
  queue_.take_frames();
  state_ = State::closing;
  heartbeat_.close_by(now_);
}

/// Answers the waiting poll if there is something for it.
void EngineSession::answer_poll() {
  if (!queue_.has_poll()) return;
  if (!queue_.is_empty()) {
    queue_.answer_with_frames();
  } else if (state_ == State::closing) {
    end(close_packet);
  } else if (probe_.is_answered()) {
    queue_.answer(std::string(noop_packet));
  }
}

void EngineSession::close() {
  if (state_ == State::closed || state_ == State::closing) return;
  if (!is_polling() || queue_.has_poll()) return end(close_packet);
  // The next poll takes the waiting frames, and the one after it the close packet.
  state_ = State::closing;
  heartbeat_.close_by(now_ + settings_.ping_interval);
}

void EngineSession::end(std::string_view last_packet) {
  if (state_ == State::closed) return;
  const bool was_announced = state_ != State::opening;
  state_ = State::closed;
  heartbeat_.stop();
  queue_.answer(std::string(last_packet));
  post_.finish(bad_request_answer());
  if (ws::Connection* const socket = std::exchange(socket_, nullptr)) socket->close(ws::close_code::done, {});
  probe_.abandon();
  queue_.take_frames();
  if (was_announced) handler_->on_closed();
}

void EngineSession::resume_reading() {
  // The rest of a POST comes before the messages of an upgraded WebSocket.
  if (post_.is_handing_on()) return call_later([this] { hand_on(); });
  if (!is_polling()) socket_->resume_reading();
}

void EngineSession::call_later(std::function<void()> call) {
  later_([self = weak_from_this(), call = std::move(call)] {
    const auto session = self.lock();
    if (session && !session->is_closed()) call();
  });
}

std::size_t EngineSession::outbox_free_bytes() const {
  return is_polling() ? queue_.free_bytes() : socket_->outbox_free_bytes();
}

bool EngineSession::ready_for_message(const ws::Connection& socket) const {
  // A probing socket's packets are not for the handler, so they are read while it is busy.
  if (&socket != socket_) return true;
  return state_ != State::open || (!post_.is_handing_on() && handler_->ready_for_message());
}

EngineSession::TimePoint EngineSession::deadline() const {
  switch (state_) {
    case State::open:
      return std::min({heartbeat_.deadline(), probe_.deadline(), handler_->deadline()});
    case State::closing:
      return std::min(heartbeat_.deadline(), probe_.deadline());
    default:
      return TimePoint::max();
  }
}

void EngineSession::on_deadline(TimePoint now) {
  if (state_ == State::closed || state_ == State::opening) return;
  const auto alive = shared_from_this();
  now_ = now;
  if (heartbeat_.is_client_overdue(now)) {
    if (!is_held_back()) return fail();
    heartbeat_.extend(now);
  }
  if (now >= probe_.deadline()) probe_.abandon();
  if (state_ == State::open && now >= handler_->deadline()) handler_->on_deadline(now);
  if (state_ == State::open && heartbeat_.is_ping_due(now)) ping(now);
}

/// Whether the client's pong may be waiting behind messages that the handler does not take now.
bool EngineSession::is_held_back() const {
  if (state_ != State::open) return false;
  return is_polling() ? post_.is_handing_on() : !ready_for_message(*socket_);
}

void EngineSession::ping(TimePoint now) {
  heartbeat_.on_ping(now);
  send(ws::make_frame(ws::Opcode::text, ping_packet));
  // After a long delay one call may find both the ping and the pong overdue.
  if (heartbeat_.is_client_overdue(now)) fail();
}

void EngineSession::on_tick(TimePoint now) {
  const auto alive = shared_from_this();
  if (state_ == State::open) handler_->on_tick(now);
}

}  // namespace chat::gateway::engineio
