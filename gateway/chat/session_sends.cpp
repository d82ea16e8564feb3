// The part of a session that sends: number from Redis, slot in the journal, acknowledgement.
#include <chrono>
#include <utility>

#include "common/wire/message_object.hpp"
#include "common/wire/record_size.hpp"
#include "gateway/chat/chat_spans.hpp"
#include "gateway/chat/session.hpp"
#include "gateway/chat/session_limits.hpp"
#include "gateway/chat/session_membership.hpp"

namespace chat::gateway {
namespace {

/// What a record takes in the journal besides its text: the other fields and the producer's bookkeeping.
constexpr std::size_t record_overhead_bytes = 512;

std::int64_t milliseconds_since_1970(const Clock& clock) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(clock.wall_time().time_since_epoch()).count();
}

}  // namespace

/// A send between the script and the journal. May outlive the session.
struct Session::Accepted {
  std::weak_ptr<Session> session;
  std::uint64_t number = 0;
  std::size_t reserved_bytes = 0;
  AcceptRequest request;
  Clock::TimePoint since;        // when the client's frame was read
  tracing::TimeStamp begun = 0;  // 0: it is not traced
};

void Session::on(const SendCommand& command) {
  if (auto refusal = refusal_of(command)) return reject(*refusal);
  const std::size_t bytes = command.text.size() + record_overhead_bytes;
  if (!services_.journal.reserve(bytes))
    return reject({command.id, ErrorCode::overloaded, "the journal is full; send it again with its id",
                   retry_after_ms});
  submit(command, find_membership(command.room)->room(), bytes);
}

std::optional<Rejection> Session::refusal_of(const SendCommand& command) {
  if (find_membership(command.room) == nullptr)
    return Rejection{command.id, ErrorCode::not_joined, "join the room before sending to it", std::nullopt};
  if (!services_.store.connected())
    return Rejection{command.id, ErrorCode::unavailable, "Redis is away; send it again with its id",
                     retry_after_ms};
  if (draining_)
    return Rejection{command.id, ErrorCode::unavailable, "the gateway restarts; send it again with its id",
                     retry_after_ms};
  if (!fits_journal(command))
    return Rejection{command.id, ErrorCode::too_large, "Kafka takes no message of that size; shorten it",
                     std::nullopt};
  return std::nullopt;
}

/// Asked before members see the message. The record is encoded only if the topic's limit is unusually low.
bool Session::fits_journal(const SendCommand& command) const {
  const std::size_t limit = services_.journal.record_limit_bytes();
  if (limit >= max_record_bytes) return true;
  const MessageRecord record{
      command.uuid, command.room, {max_json_integer, max_json_integer},     user_,
      user_,        command.text, milliseconds_since_1970(services_.clock), services_.gateway};
  return encode_record(record).size() + command.room.size() <= limit;
}

void Session::submit(const SendCommand& command, Room& room, std::size_t reserved_bytes) {
  const std::uint64_t number = next_request_++;
  const auto now = services_.clock.now();
  pending_.add({number, command.id, command.room, now + send_deadline});
  AcceptRequest request{command.uuid, command.room,           user_,
                        user_,        command.text,           milliseconds_since_1970(services_.clock),
                        room.floor(), spelling_of(command.id)};
  Accepted accepted{weak_from_this(), number, reserved_bytes, request, now};
  if (services_.tracer != nullptr && services_.tracer->samples(request.id))
    accepted.begun = tracing::time_of(services_.clock);
  ++services_.accepts_in_flight;
  services_.store.accept(std::move(request),
                         [&services = services_, accepted = std::move(accepted)](const AcceptReply& reply) {
                           --services.accepts_in_flight;
                           on_accept_reply(services, accepted, reply);
                         });
}

void Session::on_accept_reply(SessionServices& services, const Accepted& accepted, const AcceptReply& reply) {
  using Status = AcceptReply::Status;
  const RecordTrace trace_of_record = accepted.begun == 0 ? RecordTrace{} : trace(services, accepted, reply);
  if (reply.status == Status::accepted || reply.status == Status::duplicate) {
    const bool duplicate = reply.status == Status::duplicate;
    (duplicate ? services.metrics.sends_duplicate : services.metrics.sends_accepted).Increment();
    services.metrics.accept_seconds.Observe(
        std::chrono::duration<double>(services.clock.now() - accepted.since).count());
    if (const auto session = accepted.session.lock()) session->await_stored(accepted.request, reply.cursor);
    return append_to_journal(services, accepted, reply, trace_of_record);
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

/// Of a message that is traced.
RecordTrace Session::trace(SessionServices& services, const Accepted& accepted, const AcceptReply& reply) {
  using Status = AcceptReply::Status;
  const auto session = accepted.session.lock();
  if (session && (reply.status == Status::accepted || reply.status == Status::duplicate))
    services.traced.add({session->number_, accepted.request.room, reply.cursor, accepted.request.id});
  return trace_accept(*services.tracer, accepted.request, reply,
                      {accepted.begun, tracing::time_of(services.clock)});
}

void Session::append_to_journal(SessionServices& services, const Accepted& accepted, const AcceptReply& reply,
                                const RecordTrace& trace) {
  const bool duplicate = reply.status == AcceptReply::Status::duplicate;
  const AcceptRequest& request = accepted.request;
  JournalEntry entry;
  entry.record = {request.id,   request.room,    reply.cursor,     request.sender,     request.sender_name,
                  request.text, request.sent_at, services.gateway, request.id_spelling};
  // The first copy's sender and time are kept. The retry's are used only if the stream has trimmed the first.
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
  entry.trace = trace;
  services.journal.append(std::move(entry));
}

void Session::on_durable(std::uint64_t number, const std::string& room, Cursor cursor, bool duplicate) {
  if (closed_) return;
  // A client that was told `unavailable` meanwhile retries, and gets its acknowledgement then.
  end_send(number, [&](PendingSend& send) {
    services_.metrics.acks.Increment();
    outlet_.ack({std::move(send.id), std::move(send.room), cursor, duplicate});
  });
  tell_stored(room, receipts_.acked(room, cursor));
}

/// The message has its number and members saw it, so the hole finder stores it while Redis has it. Kafka does
/// not have it, so it is not acknowledged. A retry with the same id would end the same way.
void Session::on_refused(std::uint64_t number, JournalRefusal refusal) {
  if (refusal == JournalRefusal::too_large)
    return refuse_send(number, ErrorCode::too_large,
                       "members saw the message, but Kafka takes none of that size; it is not acknowledged");
  refuse_send(number, ErrorCode::internal,
              "members saw the message, but Kafka refuses it; it is not acknowledged");
}

void Session::refuse_send(std::uint64_t number, ErrorCode code, std::string message) {
  if (closed_) return;
  const auto wait = code == ErrorCode::unavailable ? std::optional<int>(retry_after_ms) : std::nullopt;
  end_send(number, [&](PendingSend& send) { reject({std::move(send.id), code, std::move(message), wait}); });
}

/// No effect if the send was answered already.
template <class Answer>
void Session::end_send(std::uint64_t number, Answer answer) {
  const bool was_full = pending_.is_full();
  auto send = pending_.take(number);
  if (!send) return;
  answer(*send);
  if (was_full && ready_for_command()) outlet_.resume();
}

}  // namespace chat::gateway
