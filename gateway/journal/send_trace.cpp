#include "gateway/journal/send_trace.hpp"

#include <utility>

namespace chat::gateway {

using tracing::Span;

kafka::Headers SendTrace::headers(const PendingRecord& record) {
  return {{tracing::traceparent_header, tracing::to_traceparent({record.id, record.trace.span, true})}};
}

std::size_t SendTrace::header_bytes(const PendingRecord& record) {
  // Name, value, their lengths and the number of headers.
  constexpr std::size_t bytes = 11 + 55 + 5;
  return record.carries_trace ? bytes : 0;
}

void SendTrace::end(const PendingRecord& record, std::string_view error) const {
  if (!record.trace.is_traced() || tracer_ == nullptr) return;
  Span span;
  span.trace = record.id;
  span.id = record.trace.span;
  span.parent = record.trace.parent;
  span.name = "send " + topic_;
  span.kind = tracing::SpanKind::producer;
  span.start = record.trace.begun;
  span.end = tracing::time_of(clock_);
  span.error = error;
  span.attributes = {{"messaging.system", "kafka"},
                     {"messaging.operation.name", "send"},
                     {"messaging.operation.type", "send"},
                     {"messaging.destination.name", topic_},
                     {"messaging.kafka.message.key", record.room}};
  tracer_->record(std::move(span));
}

}  // namespace chat::gateway
