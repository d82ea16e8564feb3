// The part of a message's trace that is its way into Kafka.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "common/base/clock.hpp"
#include "common/kafka/headers.hpp"
#include "common/tracing/tracer.hpp"
#include "gateway/journal/pending_records.hpp"

namespace chat::gateway {

/// Any thread.
class SendTrace {
 public:
  /// `tracer` may be null; both outlive it.
  SendTrace(tracing::Tracer* tracer, std::string topic, const Clock& clock)
      : tracer_(tracer), topic_(std::move(topic)), clock_(clock) {}

  /// The header of a record that carries its trace, for whoever consumes the topic.
  static kafka::Headers headers(const PendingRecord& record);

  /// What the header adds to the record's size.
  static std::size_t header_bytes(const PendingRecord& record);

  /// The record has its final report; `error` is empty where that was good.
  void end(const PendingRecord& record, std::string_view error) const;

 private:
  tracing::Tracer* const tracer_;
  const std::string topic_;
  const Clock& clock_;
};

}  // namespace chat::gateway
