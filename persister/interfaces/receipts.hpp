// Tells gateways and Redis which numbers of a room are stored or void.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/wire/cursor.hpp"
#include "persister/interfaces/record_trace.hpp"

namespace chat::persister {

/// Numbers of one room that need no more work: the transaction that stored or voided them was committed.
struct ResolvedNumbers {
  std::int32_t partition = 0;  // the room's in Kafka
  std::string room;
  std::vector<Cursor> stored;  // their messages are in PostgreSQL, under this number or another
  std::vector<Cursor> voids;   // no message has or will have them (void_numbers); senders are told nothing
};

/// Publishes stored numbers to the gateways and moves the rooms' watermarks (ARCHITECTURE.md, The life of a
/// message, step 8).
class Receipts {
 public:
  virtual ~Receipts() = default;

  /// Any thread; never blocks and never fails. What cannot be published now is kept and published later.
  virtual void resolved(std::vector<ResolvedNumbers> rooms) = 0;

  /// The receipts of these messages, which resolved() will name, are traced. Any thread; never blocks.
  virtual void trace(std::vector<TracedReceipt> /*receipts*/) {}

  /// Another persister has these partitions now: what is kept of their rooms is forgotten.
  virtual void revoked(const std::vector<std::int32_t>& partitions) = 0;
};

}  // namespace chat::persister
