#include "persister/pipeline/store_trace.hpp"

namespace chat::persister {

using tracing::Span;

std::vector<TracedReceipt> StoreTrace::committed(std::span<const Row> rows) {
  std::vector<TracedReceipt> receipts;
  if (tracer_ == nullptr) return receipts;
  const auto now = tracing::time_of(clock_);
  for (const Row& row : rows)
    if (row.record.trace) receipts.push_back(record(row, rows.size(), now));
  return receipts;
}

/// From the reading to the commit, and within it the transaction. Both are of the whole batch, whose size
/// says with how many others the message shared them.
TracedReceipt StoreTrace::record(const Row& row, std::size_t rows, tracing::TimeStamp now) {
  const RecordTrace& trace = *row.record.trace;
  const auto count = static_cast<std::int64_t>(rows);
  Span process;
  process.trace = trace.parent.trace;
  process.id = tracing::random_span();
  process.parent = trace.parent.span;
  process.name = "process " + topic_;
  process.kind = tracing::SpanKind::consumer;
  process.start = trace.read;
  process.end = now;
  process.attributes = {{"messaging.system", "kafka"},
                        {"messaging.operation.name", "process"},
                        {"messaging.operation.type", "process"},
                        {"messaging.destination.name", topic_},
                        {"messaging.destination.partition.id", std::to_string(row.record.partition)},
                        {"messaging.kafka.offset", row.record.offset},
                        {"messaging.batch.message_count", count},
                        {"messaging.message.id", to_string(row.message.id)},
                        {"chat.room", row.message.room},
                        {"chat.epoch", row.message.cursor.epoch},
                        {"chat.seq", row.message.cursor.seq}};
  Span insert;
  insert.trace = process.trace;
  insert.id = tracing::random_span();
  insert.parent = process.id;
  insert.name = "INSERT messages";
  insert.kind = tracing::SpanKind::client;
  insert.start = begun_;
  insert.end = now;
  insert.attributes = {{"db.system.name", "postgresql"},
                       {"db.operation.name", "INSERT"},
                       {"db.collection.name", "messages"},
                       {"db.operation.batch.size", count}};
  TracedReceipt receipt{row.message.room, row.message.cursor, row.message.id, process.trace, process.id, now};
  tracer_->record(std::move(process));
  tracer_->record(std::move(insert));
  return receipt;
}

}  // namespace chat::persister
