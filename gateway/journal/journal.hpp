// The durable log as the gateway sees it: reserve a slot, append, hear when it cannot be lost any more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "common/wire/record.hpp"

namespace chat::gateway {

/// Why Kafka will not take a record, however often it is produced.
enum class JournalRefusal { too_large, invalid };

/// A record to append. Either `on_durable` runs exactly once, on the executor of worker `worker`, when the
/// record's delivery report is good, or `on_refused`, when the record can never have one; both are dropped
/// unrun only when the process ends. They must not block and not throw.
struct JournalEntry {
  MessageRecord record;
  std::size_t reserved_bytes = 0;  // as given to reserve()
  std::size_t worker = 0;
  std::function<void()> on_durable;
  std::function<void(JournalRefusal)> on_refused;
};

/// Accepted messages on their way into Kafka. All calls from any thread.
class Journal {
 public:
  virtual ~Journal() = default;

  /// Takes one slot and `bytes` of the bounded queue; false when it is full, the producer is being rebuilt or
  /// the journal is closing: the sender is told `overloaded` before anything is shown (DESIGN 2, K5). Given
  /// back at the delivery report, or by release() where nothing was appended.
  virtual bool reserve(std::size_t bytes) = 0;
  virtual void release(std::size_t bytes) = 0;

  /// Never refuses and never loses: the record stays until its report is good, and is produced again after a
  /// timeout, purge or fatal producer error (K2 to K4), in a smaller batch where Kafka found that too large.
  /// Only what Kafka refuses in a batch of its own, for its size or content, ends with `on_refused`. An id
  /// that is already in the journal for its room is not produced a second time: its `on_durable` joins the
  /// waiting ones (DESIGN 5); the bytes are given back at once, the slot with the report, or else retries
  /// could pile up calls without bound.
  virtual void append(JournalEntry entry) = 0;

  /// What a record may have with its key, as far as Kafka told its limit. Asked before a message is shown to
  /// anyone. From max_record_bytes on there is no limit for us.
  virtual std::size_t record_limit_bytes() const = 0;

  /// Whether the brokers can be reached, for /readyz.
  virtual bool healthy() const = 0;

  /// Records whose report is still out.
  virtual std::size_t depth() const = 0;
};

}  // namespace chat::gateway
