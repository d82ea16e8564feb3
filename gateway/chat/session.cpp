#include "gateway/chat/session.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <utility>

#include "common/wire/message_object.hpp"
#include "common/wire/record_size.hpp"
#include "gateway/chat/page_cut.hpp"
#include "gateway/chat/session_limits.hpp"
#include "gateway/chat/session_place.hpp"

namespace chat::gateway {
namespace {

/// What a record costs in the journal beside its text: the other fields and the producer's bookkeeping.
constexpr std::size_t record_overhead_bytes = 512;

std::uint64_t random_number() {
  const Uuid id = random_uuid();
  std::uint64_t number = 0;
  std::memcpy(&number, id.bytes.data() + 8, sizeof number);
  return number;
}

std::string hex(std::uint64_t number) {
  std::array<char, 16> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16).ptr;
  return {digits.data(), end};
}

std::int64_t now_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

}  // namespace

/// A send between its script and its place in the journal; outlives the session if it must.
struct Session::Accepted {
  std::weak_ptr<Session> session;
  std::uint64_t number = 0;
  std::size_t reserved_bytes = 0;
  AcceptRequest request;
};

Session::Session(SessionServices& services, Outlet& outlet)
    : services_(services),
      outlet_(outlet),
      number_(random_number()),
      user_("guest-" + hex(number_ >> 48)),
      draining_(services.is_draining),
      receipts_(services.stored_waiting) {
  services_.sessions.push_back(*this);
}

Session::~Session() {
  close();
}

void Session::start() {
  outlet_.welcome({std::nullopt, hex(number_), services_.gateway, user_});
}

void Session::handle(const Command& command) {
  if (closed_) return;
  std::visit([this](const auto& c) { on(c); }, command);
}

void Session::reject(const Rejection& rejection) {
  services_.metrics.errors(rejection.code).Increment();
  outlet_.error(rejection);
}

bool Session::ready_for_command() const {
  return !draining_ && pending_.size() < max_sends_in_flight;
}

void Session::on(const HelloCommand& command) {
  if (command.name) {
    user_ = *command.name;
    for (const auto& place : places_) place->room().on_renamed();
  }
  outlet_.welcome({command.id, hex(number_), services_.gateway, user_});
}

void Session::on(const PingCommand& command) {
  outlet_.pong({command.id});
}

void Session::on(const JoinCommand& command) {
  const Room* const known = services_.rooms.find(command.room);
  const bool is_in_ring = known != nullptr && known->has_all_after(command.since);
  if (!is_in_ring && !services_.store.connected())
    return reject({command.id, ErrorCode::unavailable, "Redis is away; join again", retry_after_ms});
  Place* place = find_place(command.room);
  if (place == nullptr) {
    if (places_.size() >= max_rooms_per_session)
      return reject({command.id, ErrorCode::too_many_rooms, "leave a room first", std::nullopt});
    place = &add_place(command.room);
  }
  if (is_in_ring) services_.metrics.joins_from_ring.Increment();
  place->join(command);
}

void Session::read_on(const std::string& room) {
  if (Place* const place = closed_ ? nullptr : find_place(room)) place->read_on();
}

void Session::on(const LeaveCommand& command) {
  Place* place = find_place(command.room);
  if (place == nullptr)
    return reject({command.id, ErrorCode::not_joined, "the room was not joined", std::nullopt});
  remove_place(*place);
  outlet_.left({command.id, command.room});
}

void Session::on(const SendCommand& command) {
  Place* place = find_place(command.room);
  if (place == nullptr)
    return reject({command.id, ErrorCode::not_joined, "join the room before sending to it", std::nullopt});
  if (!services_.store.connected())
    return reject(
        {command.id, ErrorCode::unavailable, "Redis is away; send it again with its id", retry_after_ms});
  if (draining_)
    return reject({command.id, ErrorCode::unavailable, "the gateway restarts; send it again with its id",
                   retry_after_ms});
  if (!fits_journal(command))
    return reject(
        {command.id, ErrorCode::too_large, "Kafka takes no message of that size; shorten it", std::nullopt});
  const std::size_t bytes = command.text.size() + record_overhead_bytes;
  if (!services_.journal.reserve(bytes))
    return reject({command.id, ErrorCode::overloaded, "the journal is full; send it again with its id",
                   retry_after_ms});
  submit(command, place->room(), bytes);
}

void Session::on(const HistoryCommand& command) {
  if (find_place(command.room) == nullptr)
    return reject({command.id, ErrorCode::not_joined, "join the room before reading it", std::nullopt});
  if (history_reads_.size() >= max_history_reads_in_flight)
    return reject({command.id, ErrorCode::overloaded, "wait for the answers to the earlier history frames",
                   retry_after_ms});
  const std::uint64_t number = next_request_++;
  history_reads_.push_back({number, command.id});
  ReadRequest request{command.room, std::nullopt, command.limit, command.before};
  services_.store.read(std::move(request),
                       [weak = weak_from_this(), number, room = command.room](ReadReply reply) {
                         if (const auto session = weak.lock())
                           session->on_history_reply(number, room, std::move(reply));
                       });
}

void Session::on(const TypingCommand& command) {
  Place* place = find_place(command.room);
  if (place == nullptr)
    return reject(
        {command.id, ErrorCode::not_joined, "join the room before telling it that you type", std::nullopt});
  const bool is_told = tell_typing(*place);
  (is_told ? services_.metrics.typing_told : services_.metrics.typing_dropped).Increment();
  outlet_.typing_taken({command.id, command.room});
}

bool Session::tell_typing(Place& place) {
  const auto now = std::chrono::steady_clock::now();
  std::erase_if(typed_, [&](const Typed& typed) { return typed.until <= now; });
  const std::string& room = place.room().name();
  if (typed_.size() == max_rooms_per_session || std::ranges::find(typed_, room, &Typed::room) != typed_.end())
    return false;
  typed_.push_back({room, now + typing_period});
  return place.room().tell_typing(place, now);
}

void Session::on_history_reply(std::uint64_t number, const std::string& room, ReadReply reply) {
  const auto read = std::ranges::find(history_reads_, number, &HistoryRead::number);
  if (closed_ || read == history_reads_.end()) return;
  RequestId id = std::move(read->id);
  history_reads_.erase(read);
  if (!reply.available)
    return reject(
        {std::move(id), ErrorCode::unavailable, "the room cannot be read now; ask again", retry_after_ms});
  auto page = std::make_shared<const ReadReply>(std::move(reply));
  outlet_.history({std::move(id), room, cut_to(outlet_.page_bytes(), PageKind::before, std::move(page))});
}

void Session::submit(const SendCommand& command, Room& room, std::size_t reserved_bytes) {
  const std::uint64_t number = next_request_++;
  pending_.push_back({number, command.id, command.room, std::chrono::steady_clock::now() + send_deadline});
  AcceptRequest request{command.uuid, command.room, user_,        user_,
                        command.text, now_ms(),     room.floor(), spelling_of(command.id)};
  Accepted accepted{weak_from_this(), number, reserved_bytes, request};
  ++services_.accepts_in_flight;
  services_.store.accept(std::move(request),
                         [&services = services_, accepted = std::move(accepted)](const AcceptReply& reply) {
                           --services.accepts_in_flight;
                           on_accept_reply(services, accepted, reply);
                         });
}

void Session::on_accept_reply(SessionServices& services, const Accepted& accepted, const AcceptReply& reply) {
  using Status = AcceptReply::Status;
  if (reply.status == Status::accepted || reply.status == Status::duplicate) {
    const bool duplicate = reply.status == Status::duplicate;
    (duplicate ? services.metrics.sends_duplicate : services.metrics.sends_accepted).Increment();
    if (const auto session = accepted.session.lock()) session->await_stored(accepted.request, reply.cursor);
    return append_to_journal(services, accepted, reply);
  }
  services.journal.release(accepted.reserved_bytes);
  const auto session = accepted.session.lock();
  if (!session) return;
  if (reply.status == Status::conflict)
    return session->refuse_send(accepted.number, ErrorCode::bad_request,
                                "the id was used for a message with another text");
  session->refuse_send(accepted.number, ErrorCode::unavailable,
                       "Redis did not answer; send it again with its id");
}

void Session::append_to_journal(SessionServices& services, const Accepted& accepted,
                                const AcceptReply& reply) {
  const bool duplicate = reply.status == AcceptReply::Status::duplicate;
  const AcceptRequest& request = accepted.request;
  JournalEntry entry;
  entry.record = {request.id,   request.room,    reply.cursor,     request.sender,     request.sender_name,
                  request.text, request.sent_at, services.gateway, request.id_spelling};
  // The first copy's sender and time stand (DESIGN 5): the retry's own only where the stream has it no more.
  if (duplicate && !reply.entry.empty()) {
    if (auto first = record_of_message(reply.entry, services.gateway)) entry.record = *std::move(first);
  }
  entry.reserved_bytes = accepted.reserved_bytes;
  entry.worker = services.worker;
  entry.on_durable = [session = accepted.session, number = accepted.number, room = request.room,
                      cursor = reply.cursor, duplicate] {
    if (const auto alive = session.lock()) alive->on_durable(number, room, cursor, duplicate);
  };
  entry.on_refused = [session = accepted.session, number = accepted.number](JournalRefusal refusal) {
    if (const auto alive = session.lock()) alive->on_refused(number, refusal);
  };
  services.journal.append(std::move(entry));
}

/// Before a message is shown to anyone. Topics seldom have so low a limit that it has to be counted.
bool Session::fits_journal(const SendCommand& command) const {
  const std::size_t limit = services_.journal.record_limit_bytes();
  if (limit >= max_record_bytes) return true;
  const MessageRecord record{
      command.uuid, command.room,     {max_json_integer, max_json_integer}, user_, user_, command.text,
      now_ms(),     services_.gateway};
  return encode_record(record).size() + command.room.size() <= limit;
}

/// Its number was given and members saw it, so it is stored all the same while Redis has it (hole finder).
/// But Kafka does not hold it, so it is not acknowledged; the same id again would end the same way.
void Session::on_refused(std::uint64_t number, JournalRefusal refusal) {
  if (refusal == JournalRefusal::too_large)
    return refuse_send(number, ErrorCode::too_large,
                       "members saw the message, but Kafka takes none of that size; it is not acknowledged");
  refuse_send(number, ErrorCode::internal,
              "members saw the message, but Kafka refuses it; it is not acknowledged");
}

void Session::on_durable(std::uint64_t number, const std::string& room, Cursor cursor, bool duplicate) {
  if (closed_) return;
  // A client that was told `unavailable` meanwhile retries, and is acknowledged then.
  if (const auto pending = find_pending(number); pending != pending_.end()) {
    services_.metrics.acks.Increment();
    outlet_.ack({std::move(pending->id), std::move(pending->room), cursor, duplicate});
    end_pending(pending);
  }
  tell_stored(room, receipts_.acked(room, cursor));
}

void Session::await_stored(const AcceptRequest& request, Cursor number) {
  if (closed_) return;
  Place* const place = find_place(request.room);
  receipts_.accepted(request.room, number, request.id, std::chrono::steady_clock::now());
  if (place == nullptr) return receipts_.left(request.room);
  place->room().await_stored(*place);
  // A retry's number may be stored long since.
  on_stored(request.room, {place->room().stored(), {}});
}

void Session::on_stored(const std::string& room, const StoredNumbers& stored) {
  if (!closed_) tell_stored(room, receipts_.stored(room, stored));
}

void Session::tell_stored(const std::string& room, std::optional<Cursor> receipt) {
  Place* const place = find_place(room);
  if (place == nullptr) return;
  if (receipt && place->wants_receipts()) {
    services_.metrics.stored_sent.Increment();
    outlet_.stored({room, *receipt});
  }
  if (!receipts_.awaits(room)) place->room().end_wait(*place);
}

void Session::refuse_send(std::uint64_t number, ErrorCode code, std::string message) {
  const auto pending = find_pending(number);
  if (closed_ || pending == pending_.end()) return;
  const auto wait = code == ErrorCode::unavailable ? std::optional<int>(retry_after_ms) : std::nullopt;
  reject({std::move(pending->id), code, std::move(message), wait});
  end_pending(pending);
}

std::vector<Session::PendingSend>::iterator Session::find_pending(std::uint64_t number) {
  return std::ranges::find(pending_, number, &PendingSend::number);
}

void Session::end_pending(std::vector<PendingSend>::iterator pending) {
  const bool was_full = pending_.size() >= max_sends_in_flight;
  pending_.erase(pending);
  if (pending_.empty()) pending_ = {};
  if (was_full && ready_for_command()) outlet_.resume();
}

void Session::tick(std::chrono::steady_clock::time_point now) {
  while (!closed_ && !pending_.empty() && pending_.front().deadline <= now) {
    services_.metrics.sends_expired.Increment();
    refuse_send(pending_.front().number, ErrorCode::unavailable,
                "Kafka did not confirm the message in time; send it again with its id");
  }
}

void Session::drain(int reconnect_after_ms) {
  if (std::exchange(draining_, true)) return;
  outlet_.reconnect({reconnect_after_ms});
}

void Session::end_requests() {
  if (closed_) return;
  is_ending_ = draining_ = true;
  while (!pending_.empty())
    refuse_send(pending_.front().number, ErrorCode::unavailable,
                "the gateway restarts; send it again with its id");
  for (HistoryRead& read : std::exchange(history_reads_, {}))
    reject({std::move(read.id), ErrorCode::unavailable, "the gateway restarts; ask again elsewhere",
            retry_after_ms});
  while (!places_.empty()) remove_place(*places_.back());
}

void Session::close() {
  if (std::exchange(closed_, true)) return;
  while (!places_.empty()) remove_place(*places_.back());
  receipts_.clear();
}

Session::Place* Session::find_place(const std::string& room) {
  const auto found =
      std::ranges::find_if(places_, [&](const auto& place) { return place->room().name() == room; });
  return found == places_.end() ? nullptr : found->get();
}

Session::Place& Session::add_place(const std::string& name) {
  places_.push_back(std::make_unique<Place>(*this, services_.rooms.open(name)));
  Place& place = *places_.back();
  receipts_.joined(name);
  if (receipts_.awaits(name)) place.room().await_stored(place);
  return place;
}

void Session::remove_place(Place& place) {
  Room& room = place.room();
  receipts_.left(room.name());
  room.end_wait(place);
  room.leave(place);
  std::erase_if(places_, [&](const auto& held) { return held.get() == &place; });
  services_.rooms.release(room);
}

}  // namespace chat::gateway
