// The part of a message's trace that is its way into PostgreSQL.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "common/base/clock.hpp"
#include "common/tracing/tracer.hpp"
#include "persister/interfaces/record_trace.hpp"
#include "persister/interfaces/store.hpp"

namespace chat::persister {

/// One thread.
class StoreTrace {
 public:
  /// `tracer` may be null: then nothing is traced. Both outlive it.
  StoreTrace(tracing::Tracer* tracer, std::string topic, const Clock& clock)
      : tracer_(tracer), topic_(std::move(topic)), clock_(clock) {}

  /// The transaction begins.
  void begin() {
    if (tracer_ != nullptr) begun_ = tracing::time_of(clock_);
  }

  /// The rows are committed: records each traced one, and gives what its receipt goes on with.
  std::vector<TracedReceipt> committed(std::span<const Row> rows);

 private:
  TracedReceipt record(const Row& row, std::size_t rows, tracing::TimeStamp now);

  tracing::Tracer* const tracer_;
  const std::string topic_;
  const Clock& clock_;
  tracing::TimeStamp begun_ = 0;
};

}  // namespace chat::persister
