// Tells operators for how long a topic keeps its records, as its brokers say.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "common/kafka/durability.hpp"
#include "common/metrics/metrics.hpp"

namespace chat::kafka {

/// chat_kafka_topic_retention_seconds{topic}; it exists once the retention was read.
prometheus::Gauge& retention_gauge(Metrics& metrics, const std::string& topic);

/// Sets `chat_kafka_topic_retention_seconds{topic}` (+Inf: records are never deleted for their age), and logs
/// the value when it is first known and when it changes. One thread at a time.
class TopicRetention {
 public:
  /// `metrics` outlives it.
  TopicRetention(Metrics& metrics, std::string topic);

  /// After each look at the topic. What no broker told leaves the last value.
  void tell(const DurabilityFacts& facts);

 private:
  Metrics& metrics_;
  const std::string topic_;
  std::optional<std::chrono::milliseconds> retention_;
};

}  // namespace chat::kafka
