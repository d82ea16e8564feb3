#include "gateway/engineio/engine_session.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "gateway/connection/close_codes.hpp"
#include "gateway/engineio/base64.hpp"

namespace chat::gateway::engineio {
namespace {

constexpr std::string_view close_packet = "1";
constexpr std::string_view ping_packet = "2";
constexpr std::string_view probe_answer = "3probe";
constexpr std::string_view noop_packet = "6";
constexpr std::chrono::milliseconds latest_ping{100};
constexpr int most_packets_a_turn = 32;

const EngineAnswer bad_request{400, R"({"code":3,"message":"Bad request"})"};

ws::FrameRef text_frame(std::string_view packet) {
  return ws::make_frame(ws::Opcode::text, packet);
}

bool is_binary(const ws::Frame& frame) {
  return (static_cast<unsigned char>(frame.view().front()) & 0x0FU) ==
         static_cast<unsigned>(ws::Opcode::binary);
}

/// What a queued frame weighs, so that many small ones are bounded too.
std::size_t weight(const ws::Frame& frame) {
  constexpr std::size_t frame_overhead = 64;  // as in a WebSocket's outbox, to which it may go on
  return frame.view().size() + frame_overhead;
}

}  // namespace

ws::FrameRef make_message_frame(std::string_view data, bool binary) {
  if (binary) return ws::make_frame(ws::Opcode::binary, data);
  return text_frame(encode_packet({EngineType::message, std::string(data), false}));
}

EngineSession::EngineSession(std::string sid, const EngineSettings& settings,
                             std::unique_ptr<EngineHandler> handler, Later later)
    : sid_(std::move(sid)), settings_(settings), handler_(std::move(handler)), later_(std::move(later)) {}

EngineSession::~EngineSession() {
  end(close_packet);
}

std::string EngineSession::open_packet(bool can_upgrade) const {
  const auto upgrades = can_upgrade ? nlohmann::json::array({"websocket"}) : nlohmann::json::array();
  const nlohmann::ordered_json handshake{{"sid", sid_},
                                         {"upgrades", upgrades},
                                         {"pingInterval", settings_.ping_interval.count()},
                                         {"pingTimeout", settings_.ping_timeout.count()},
                                         {"maxPayload", settings_.max_payload}};
  return encode_packet({EngineType::open, handshake.dump(), false});
}

void EngineSession::open_polling(const Reply& reply, TimePoint now) {
  reply({200, open_packet(true)});
  announce(now);
}

void EngineSession::open_socket(ws::Connection& socket, TimePoint now) {
  socket_ = &socket;
  socket.send_text(open_packet(false));
  announce(now);
}

void EngineSession::announce(TimePoint now) {
  now_ = now;
  state_ = State::open;
  next_ping_ = now + settings_.ping_interval;
  handler_->on_open(*this, now);
}

void EngineSession::poll(Reply reply, TimePoint now) {
  const auto alive = shared_from_this();
  on_deadline(now);
  if (state_ == State::closed || !is_polling()) return reply(bad_request);
  if (poll_) {
    end(close_packet);
    return reply(bad_request);
  }
  poll_ = std::move(reply);
  answer_poll();
}

void EngineSession::on_poll_gone() {
  poll_ = nullptr;
  end(close_packet);
}

bool EngineSession::begin_post() {
  if (state_ != State::open || !is_polling()) return false;
  if (posting_ != Posting::none) {
    fail();
    return false;
  }
  posting_ = Posting::awaits_body;
  return true;
}

void EngineSession::abandon_post() {
  if (posting_ == Posting::awaits_body) posting_ = Posting::none;
}

void EngineSession::post(std::string_view body, Reply reply, TimePoint now) {
  const auto alive = shared_from_this();
  on_deadline(now);
  if (state_ != State::open || !is_polling() || posting_ != Posting::awaits_body) return reply(bad_request);
  now_ = now;
  posting_ = Posting::hands_on;
  post_ = std::move(reply);
  posted_ = body;
  taken_ = 0;
  if (is_probed_) answer_held_post();
  take_posted();
}

/// The client goes on with its upgrade only once its POST is answered, whatever is still to be handed on.
void EngineSession::answer_held_post() {
  if (const Reply reply = std::exchange(post_, nullptr)) reply({200, "ok"});
}

/// Hands what was posted on, as far as the handler takes it, and not more at once than a WebSocket would.
void EngineSession::take_posted() {
  if (posting_ != Posting::hands_on) return;
  const auto alive = shared_from_this();
  for (int packets = 0; posting_ == Posting::hands_on && taken_ <= posted_.size(); ++packets) {
    if (packets == most_packets_a_turn) return call_later([this] { take_posted(); });
    if (!take_packet()) return;
  }
  if (posting_ == Posting::hands_on) end_post({200, "ok"});
}

/// False when the handler does not take the next packet now. A broken one ends the session; what came before
/// it counts.
bool EngineSession::take_packet() {
  std::size_t next = taken_;
  const std::string_view record = take_record(posted_, next);
  const bool is_message = record.starts_with('4') || record.starts_with('b');
  if (is_message && !handler_->ready_for_message()) return false;
  const auto packet = decode_packet(record, EngineCarrier::payload);
  taken_ = next;
  if (packet)
    on_packet(*packet);
  else
    fail();
  return true;
}

void EngineSession::end_post(EngineAnswer answer) {
  posted_ = {};
  posting_ = Posting::none;
  if (const Reply reply = std::exchange(post_, nullptr)) reply(std::move(answer));
  if (state_ == State::open && !is_polling()) socket_->resume_reading();
}

void EngineSession::fail() {
  end(close_packet);
}

bool EngineSession::begin_upgrade(ws::Connection& socket, TimePoint now) {
  if (state_ != State::open || !is_polling() || probing_ != nullptr) return false;
  now_ = now;
  probing_ = &socket;
  upgrade_deadline_ = now + settings_.upgrade_timeout;
  return true;
}

void EngineSession::on_frame(ws::Connection& socket, std::string_view data, bool binary, TimePoint now) {
  if (state_ == State::closed) return;
  const auto alive = shared_from_this();
  now_ = now;
  std::optional<EnginePacket> packet;
  if (binary)
    packet = EnginePacket{EngineType::message, std::string(data), true};
  else
    packet = decode_packet(data, EngineCarrier::frame);
  if (&socket == probing_) {
    return packet ? on_probing_packet(*packet) : abandon_upgrade();
  }
  if (&socket != socket_) return;
  if (!packet) return fail();
  on_packet(*packet);
}

void EngineSession::on_probing_packet(const EnginePacket& packet) {
  if (packet.type == EngineType::ping && packet.data == "probe") {
    probing_->send_text(probe_answer);
    is_probed_ = true;
    if (posting_ == Posting::hands_on) answer_held_post();
    // The client's last poll ends, so that it can pause polling.
    return answer_poll();
  }
  if (packet.type == EngineType::upgrade && is_probed_) return upgrade();
  abandon_upgrade();
}

/// The session goes on over polling.
void EngineSession::abandon_upgrade() {
  upgrade_deadline_ = TimePoint::max();
  is_probed_ = false;
  if (ws::Connection* const socket = std::exchange(probing_, nullptr))
    socket->close(ws::close_code::done, {});
}

void EngineSession::upgrade() {
  upgrade_deadline_ = TimePoint::max();
  if (poll_) answer_poll(std::string(noop_packet));
  socket_ = std::exchange(probing_, nullptr);
  waiting_bytes_ = 0;
  for (const ws::FrameRef& frame : std::exchange(waiting_, {})) socket_->deliver(frame);
  if (state_ == State::closing) return end(close_packet);
  handler_->on_upgraded();
}

void EngineSession::on_socket_closed(const ws::Connection& socket) {
  if (&socket == probing_) {
    abandon_upgrade();
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
      if (state_ != State::open) return;
      pong_deadline_ = TimePoint::max();
      next_ping_ = now_ + settings_.ping_interval;
      return;
    case EngineType::close:
      // The poll that waits is not told of a close that its own client asked for.
      end_post({200, "ok"});
      return end(noop_packet);
    default:
      return fail();
  }
}

void EngineSession::send(const ws::FrameRef& frame) {
  if (state_ == State::closed || state_ == State::closing) return;
  if (!is_polling()) return socket_->deliver(frame);
  waiting_.push_back(frame);
  waiting_bytes_ += weight(*frame);
  if (waiting_bytes_ > settings_.max_outbox_bytes) return give_up();
  answer_poll();
}

/// Who sends may be amid a room's members, so the end comes with the next poll or time.
void EngineSession::give_up() {
  was_too_slow_ = true;
  waiting_ = {};
  waiting_bytes_ = 0;
  state_ = State::closing;
  pong_deadline_ = now_;
}

/// Answers the poll that waits, where there is something for it.
void EngineSession::answer_poll() {
  if (!poll_) return;
  if (!waiting_.empty()) {
    answer_poll(take_payload());
  } else if (state_ == State::closing) {
    end(close_packet);
  } else if (is_probed_) {
    answer_poll(std::string(noop_packet));
  }
}

void EngineSession::answer_poll(std::string body) {
  if (const Reply reply = std::exchange(poll_, nullptr)) reply({200, std::move(body)});
}

std::string EngineSession::take_payload() {
  std::string payload;
  payload.reserve(waiting_bytes_);
  for (const ws::FrameRef& frame : waiting_) {
    const std::string_view data = ws::payload_of(frame->view());
    if (is_binary(*frame))
      append_record(payload, encode_packet({EngineType::message, std::string(data), true}));
    else
      append_record(payload, data);
  }
  waiting_ = {};  // a burst's memory is not kept while the session is idle
  waiting_bytes_ = 0;
  return payload;
}

void EngineSession::close() {
  if (state_ == State::closed || state_ == State::closing) return;
  if (!is_polling() || poll_) return end(close_packet);
  // The next poll takes what waits, and the one after that the close.
  state_ = State::closing;
  pong_deadline_ = std::min(pong_deadline_, now_ + settings_.ping_interval);
}

void EngineSession::end(std::string_view last_packet) {
  if (state_ == State::closed) return;
  const bool was_announced = state_ != State::opening;
  state_ = State::closed;
  next_ping_ = pong_deadline_ = TimePoint::max();
  answer_poll(std::string(last_packet));
  end_post(bad_request);
  if (ws::Connection* const socket = std::exchange(socket_, nullptr)) socket->close(ws::close_code::done, {});
  abandon_upgrade();
  waiting_ = {};
  waiting_bytes_ = 0;
  if (was_announced) handler_->on_closed();
}

void EngineSession::resume_reading() {
  // A POST whose rest waits comes before what an upgraded WebSocket brings.
  if (posting_ == Posting::hands_on) return call_later([this] { take_posted(); });
  if (!is_polling()) socket_->resume_reading();
}

void EngineSession::call_later(std::function<void()> call) {
  later_([self = weak_from_this(), call = std::move(call)] {
    const auto session = self.lock();
    if (session && !session->is_closed()) call();
  });
}

std::size_t EngineSession::outbox_room() const {
  if (!is_polling()) return socket_->outbox_room();
  return settings_.max_outbox_bytes - std::min(settings_.max_outbox_bytes, waiting_bytes_);
}

bool EngineSession::ready_for_message(const ws::Connection& socket) const {
  // An upgrade goes on while the handler is busy: it is not for the handler.
  if (&socket != socket_) return true;
  return state_ != State::open || (posting_ != Posting::hands_on && handler_->ready_for_message());
}

EngineSession::TimePoint EngineSession::deadline() const {
  switch (state_) {
    case State::open:
      return std::min({next_ping_, pong_deadline_, upgrade_deadline_, handler_->deadline()});
    case State::closing:
      return std::min(pong_deadline_, upgrade_deadline_);
    default:
      return TimePoint::max();
  }
}

void EngineSession::on_deadline(TimePoint now) {
  if (state_ == State::closed || state_ == State::opening) return;
  const auto alive = shared_from_this();
  now_ = now;
  if (now >= pong_deadline_) {
    if (!is_held_back()) return fail();
    pong_deadline_ = now + settings_.ping_timeout;
  }
  if (now >= upgrade_deadline_) abandon_upgrade();
  if (state_ == State::open && now >= handler_->deadline()) handler_->on_deadline(now);
  if (state_ == State::open && now >= next_ping_) ping(now);
}

/// Whether the client's pong may stand behind what the handler does not take now.
bool EngineSession::is_held_back() const {
  if (state_ != State::open) return false;
  return is_polling() ? posting_ == Posting::hands_on : !ready_for_message(*socket_);
}

void EngineSession::ping(TimePoint now) {
  // The client's time begins when the ping was due; a worker that was held up for long gives it all of it.
  const TimePoint begins = now - next_ping_ < latest_ping ? next_ping_ : now;
  next_ping_ = TimePoint::max();
  pong_deadline_ = begins + settings_.ping_timeout;
  send(text_frame(ping_packet));
  // One call after a long while finds both times passed.
  if (now >= pong_deadline_) fail();
}

void EngineSession::on_tick(TimePoint now) {
  const auto alive = shared_from_this();
  if (state_ == State::open) handler_->on_tick(now);
}

}  // namespace chat::gateway::engineio
