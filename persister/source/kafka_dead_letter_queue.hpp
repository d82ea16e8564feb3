// The dead-letter topic, written through a producer of its own.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "common/config/service_settings.hpp"
#include "common/kafka/producer.hpp"
#include "common/metrics/metrics.hpp"
#include "persister/interfaces/source.hpp"

namespace chat::persister {

/// One thread. The record keeps its key and value; `reason`, `partition`, `offset` and `origin` go as
/// headers.
class KafkaDeadLetterQueue : public DeadLetterQueue {
 public:
  /// Writes to settings.dead_letter_topic(), which must exist. Throws std::runtime_error with one sentence
  /// where librdkafka refuses the settings.
  KafkaDeadLetterQueue(config::KafkaSettings settings, std::string client_id, Metrics& metrics);
  ~KafkaDeadLetterQueue() override;

  /// A letter that is tried again while its first try is still out only waits on for that one.
  bool publish(const DeadLetter& letter, std::chrono::milliseconds wait) override;

 private:
  using Place = std::pair<std::int32_t, std::int64_t>;
  enum class State { out, durable, failed };

  std::unique_ptr<kafka::Producer> make_producer();
  State wait_for(State& state, std::chrono::milliseconds wait);

  const config::KafkaSettings settings_;
  const std::string client_id_;
  Metrics& metrics_;
  std::map<Place, State> letters_;  // whose report is out; the addresses of the states are the tags
  std::unique_ptr<kafka::Producer> producer_;
};

}  // namespace chat::persister
