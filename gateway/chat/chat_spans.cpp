#include "gateway/chat/chat_spans.hpp"

#include <utility>

namespace chat::gateway {
namespace {

using tracing::Span;
using tracing::SpanKind;
using tracing::Step;

Span begin(const Uuid& id, std::string name, SpanKind kind, const std::string& room) {
  Span span;
  span.trace = id;
  span.id = tracing::random_span();
  span.name = std::move(name);
  span.kind = kind;
  span.attributes = {{"chat.room", room}, {"messaging.message.id", to_string(id)}};
  return span;
}

void add_number(Span& span, Cursor cursor) {
  span.attributes.emplace_back("chat.epoch", cursor.epoch);
  span.attributes.emplace_back("chat.seq", cursor.seq);
}

/// Names the result, and as an error what is one.
void add_outcome(Span& span, const AcceptReply& reply) {
  using Status = AcceptReply::Status;
  const bool is_accepted = reply.status == Status::accepted;
  if (is_accepted || reply.status == Status::duplicate) {
    span.attributes.emplace_back("chat.outcome", is_accepted ? "accepted" : "duplicate");
    add_number(span, reply.cursor);
    return;
  }
  const bool is_conflict = reply.status == Status::conflict;
  span.attributes.emplace_back("chat.outcome", is_conflict ? "conflict" : "unavailable");
  span.error = is_conflict ? "the id was used with another text" : "Redis did not answer";
}

}  // namespace

RecordTrace trace_accept(tracing::Tracer& tracer, const AcceptRequest& request, const AcceptReply& reply,
                         const AcceptTimes& times) {
  const bool is_first = reply.status == AcceptReply::Status::accepted;
  const auto first_span = tracing::span_of(request.id, request.room, Step::accept);
  Span accept = begin(request.id, "accept", SpanKind::server, request.room);
  if (is_first)
    accept.id = first_span;
  else
    accept.parent = first_span;
  accept.start = times.begun;
  accept.end = times.replied;
  add_outcome(accept, reply);

  Span script = begin(request.id, "EVALSHA accept", SpanKind::client, request.room);
  script.parent = accept.id;
  script.start = times.begun;
  script.end = times.replied;
  script.error = accept.error;
  script.attributes.emplace_back("db.system.name", "redis");
  script.attributes.emplace_back("db.operation.name", "EVALSHA");
  script.attributes.emplace_back("db.stored_procedure.name", "accept");

  const RecordTrace record{
      times.replied,
      is_first ? tracing::span_of(request.id, request.room, Step::send) : tracing::random_span(), accept.id};
  tracer.record(std::move(accept));
  tracer.record(std::move(script));
  return record;
}

void trace_delivery(tracing::Tracer& tracer, const DeliveryTrace& delivery, const std::string& room,
                    Cursor cursor, std::size_t worker, std::size_t members, tracing::TimeStamp now) {
  Span span = begin(delivery.id, "deliver", SpanKind::internal, room);
  span.parent = tracing::span_of(delivery.id, room, Step::accept);
  span.start = delivery.received;
  span.end = now;
  add_number(span, cursor);
  span.attributes.emplace_back("chat.worker", static_cast<std::int64_t>(worker));
  span.attributes.emplace_back("chat.members", static_cast<std::int64_t>(members));
  tracer.record(std::move(span));
}

void trace_stored(tracing::Tracer& tracer, const TracedSend& send, tracing::TimeStamp now) {
  Span span = begin(send.id, "stored", SpanKind::internal, send.room);
  span.parent = tracing::span_of(send.id, send.room, Step::receipt);
  span.start = span.end = now;
  add_number(span, send.cursor);
  tracer.record(std::move(span));
}

}  // namespace chat::gateway
