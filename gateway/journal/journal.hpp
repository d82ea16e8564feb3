// The durable log as the gateway sees it: reserve a slot, append a record, learn that it cannot be lost any
// more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "common/tracing/tracer.hpp"
#include "common/wire/record.hpp"

namespace chat::gateway {

/// Why Kafka will not take a record, however often it is produced.
enum class JournalRefusal { too_large, invalid };

/// The span of a record's way into Kafka; where the message is not traced all is 0.
struct RecordTrace {
  tracing::TimeStamp begun = 0;
  tracing::SpanId span = 0;
  tracing::SpanId parent = 0;

  bool is_traced() const { return begun != 0; }
};

/// A record to append. Exactly one of its calls runs, once, on the executor of worker `worker`: `on_durable`
/// when the record's delivery report is good, `on_refused` when the record can never have one. Both are
/// dropped only when the process ends. They must not block and not throw.
struct JournalEntry {
  MessageRecord record;
  std::size_t reserved_bytes = 0;  // as given to reserve()
  std::size_t worker = 0;
  std::function<void()> on_durable;
  std::function<void(JournalRefusal)> on_refused;
  RecordTrace trace{};
};

/// Accepted messages on their way into Kafka. All calls from any thread.
class Journal {
 public:
  virtual ~Journal() = default;

  /// Takes one slot and `bytes` of the bounded queue. False when the queue is full, the producer is being
  /// replaced or the journal is closing: the sender is told `overloaded` before its message is shown to
  /// anyone. The slot and the bytes are given back at the delivery report, or by release() where nothing was
  /// appended.
  virtual bool reserve(std::size_t bytes) = 0;
  virtual void release(std::size_t bytes) = 0;

  /// Never refuses a record and never loses one. The record stays until its report is good. After a timeout,
  /// a purge or a fatal error of the producer it is produced again, in a smaller batch where Kafka found the
  /// last one too large. Only a record that Kafka refuses in a batch of its own, for its size or content,
  /// ends with `on_refused`. A record whose room and id are in the journal already is not produced a second
  /// time: its calls wait for the same report. Its bytes are given back at once, its slot with the report, so
  /// that retries cannot pile up calls without bound.
  virtual void append(JournalEntry entry) = 0;

  /// The largest record with its key that Kafka takes, as far as it told its limit. The gateway asks before
  /// it shows a message to anyone. From max_record_bytes on there is no limit for our records.
  virtual std::size_t record_limit_bytes() const = 0;

  /// Whether the brokers can be reached, for /readyz.
  virtual bool healthy() const = 0;

  /// Records whose report is still out.
  virtual std::size_t depth() const = 0;
};

}  // namespace chat::gateway
