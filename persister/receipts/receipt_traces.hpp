// The part of a message's trace that is its receipt.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <vector>

#include "common/base/clock.hpp"
#include "common/tracing/tracer.hpp"
#include "common/wire/stored_numbers.hpp"
#include "persister/interfaces/record_trace.hpp"

namespace chat::persister {

/// One thread. Of more than `max_waiting` the oldest are forgotten: their traces lack the receipt.
class ReceiptTraces {
 public:
  static constexpr std::size_t max_waiting = 1'000;

  /// `tracer` may be null; both outlive it.
  ReceiptTraces(tracing::Tracer* tracer, const Clock& clock) : tracer_(tracer), clock_(clock) {}

  void add(std::vector<TracedReceipt> receipts);

  /// Redis took a publication of these numbers.
  void published(const std::string& room, const std::vector<NumberRange>& stored);

 private:
  void record(const TracedReceipt& receipt) const;

  tracing::Tracer* const tracer_;
  const Clock& clock_;
  std::deque<TracedReceipt> waiting_;
};

}  // namespace chat::persister
