// Records compared with Kafka, on a thread and a connection of its own.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <thread>

#include "common/config/service_settings.hpp"
#include "common/kafka/end_offsets.hpp"
#include "persister/interfaces/position_audit.hpp"

namespace chat::persister {

/// Asks about one partition after the other. Partitions that did not answer the last time come last.
class KafkaPositionAudit : public PositionAudit {
 public:
  /// Throws std::runtime_error with one sentence where librdkafka refuses the settings.
  KafkaPositionAudit(const config::KafkaSettings& settings, const std::string& client_id);
  /// Waits for the question that is out, about 6 s at most.
  ~KafkaPositionAudit() override;

  void begin(Records records) override;
  std::optional<Answers> take() override;

  /// So that the destructor need not wait. Any thread.
  void ask_to_stop() { thread_.request_stop(); }

 private:
  void run(const std::stop_token& stop);
  Answers compare(const Records& records, const std::stop_token& stop);

  std::unique_ptr<kafka::EndOffsets> topic_;
  std::set<std::int32_t> silent_;  // did not answer the last time
  std::mutex mutex_;
  std::condition_variable_any begun_;
  std::optional<Records> records_;  // to be compared
  std::optional<Answers> answers_;
  bool is_under_way_ = false;
  std::jthread thread_;
};

}  // namespace chat::persister
