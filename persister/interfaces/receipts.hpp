// What became of numbers, told to those who wait for it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/wire/cursor.hpp"

namespace chat::persister {

/// Numbers of one room that need no more work, since the transaction that says so was committed.
struct ResolvedNumbers {
  std::int32_t partition = 0;  // the room's in Kafka
  std::string room;
  std::vector<Cursor> stored;  // their messages are in PostgreSQL, under this number or another
  std::vector<Cursor> voids;   // no message has or will have them (void_numbers); senders are told nothing
};

/// Publishes stored numbers to the gateways and moves the rooms' watermarks (DESIGN "The life of a message"
/// 8).
class Receipts {
 public:
  virtual ~Receipts() = default;

  /// Any thread; never blocks and never fails. What cannot be told now is kept and told later.
  virtual void resolved(std::vector<ResolvedNumbers> rooms) = 0;

  /// Another persister has these partitions now: what is kept of their rooms is forgotten.
  virtual void revoked(const std::vector<std::int32_t>& partitions) = 0;
};

}  // namespace chat::persister
