// The dead-letter topic, written through a producer of its own.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "common/config/service_settings.hpp"
#include "common/kafka/producer.hpp"
#include "common/metrics/metrics.hpp"
#include "persister/interfaces/source.hpp"
#include "persister/source/letter_form.hpp"

namespace prometheus {
class Counter;
}  // namespace prometheus

namespace chat::persister {

/// One thread. The record keeps its key and value; `reason`, `partition`, `offset` and `origin` go as
/// headers. A letter that Kafka finds too large is written in ever smaller forms (LetterForm). One that is
/// too large in each of them is given up with an error in the log: otherwise nothing would ever be stored
/// behind it.
class KafkaDeadLetterQueue : public DeadLetterQueue {
 public:
  /// Writes to settings.dead_letter_topic(), which must exist. Throws std::runtime_error with one sentence
  /// where librdkafka refuses the settings.
  KafkaDeadLetterQueue(config::KafkaSettings settings, std::string client_id, Metrics& metrics);
  ~KafkaDeadLetterQueue() override;

  /// A letter whose last try is still out is not written again: the call waits for that try.
  bool publish(const DeadLetter& letter, std::chrono::milliseconds wait) override;

 private:
  using Clock = std::chrono::steady_clock;
  using LetterKey = std::pair<std::int32_t, std::int64_t>;
  enum class State { out, durable, too_large, failed };
  struct Try {
    State state = State::out;
    LetterForm form = LetterForm::whole;
  };

  std::unique_ptr<kafka::Producer> make_producer();
  void produce(const DeadLetter& letter, Try& attempt);
  bool make_smaller(const DeadLetter& letter, Try& attempt);
  void report_cut(const DeadLetter& letter, std::string_view form, const char* what);
  State wait_for(const State& state, Clock::time_point deadline);

  const config::KafkaSettings settings_;
  const std::string client_id_;
  Metrics& metrics_;
  std::map<LetterKey, Try> letters_;  // whose report is out; the addresses of the states are the tags
  std::unique_ptr<kafka::Producer> producer_;
};

}  // namespace chat::persister
