// The persister's records from Kafka: a member of the consumer group that can be paused.
#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/base/backoff.hpp"
#include "common/config/service_settings.hpp"
#include "common/kafka/consumer.hpp"
#include "common/metrics/metrics.hpp"
#include "persister/source/source.hpp"

namespace prometheus {
class Counter;
}  // namespace prometheus

namespace chat::persister {

struct KafkaSourceOptions {
  std::string client_id;  // as the brokers see it
  std::string group = "message-consumer-group";
  std::string instance_id;  // from an explicit PERSISTER_ID only, else empty (K15)
};

/// One thread. A member that failed for good, such as one whose instance id another process took, is made
/// again after a wait; the listener sees its partitions revoked.
class KafkaSource : public Source, private kafka::RebalanceListener {
 public:
  /// Reads settings.topic, which must exist; partitions come in poll(). `listener` outlives it. Throws
  /// std::runtime_error with one sentence where librdkafka refuses the settings.
  KafkaSource(config::KafkaSettings settings, KafkaSourceOptions options, SourceListener& listener,
              Metrics& metrics);
  ~KafkaSource() override;

  std::optional<SourceRecord> poll(std::chrono::milliseconds wait) override;
  void pause() override;
  void resume() override;
  void commit(const std::vector<Position>& positions) override;
  void commit_and_wait(const std::vector<Position>& positions, std::chrono::milliseconds wait) override;
  void close() override;

  /// Whether the brokers can be reached, as of the last poll().
  bool healthy() const;

 private:
  using Clock = std::chrono::steady_clock;

  void on_assigned(const std::vector<std::int32_t>& partitions) override;
  void on_revoked(const std::vector<std::int32_t>& partitions) override;

  std::unique_ptr<kafka::Consumer> make_consumer();
  bool is_usable(std::chrono::milliseconds wait);
  void give_up_consumer(const std::string& reason);
  std::optional<SourceRecord> take_held();
  void hold(kafka::ConsumedRecord record);
  std::vector<kafka::PartitionOffset> own(const std::vector<Position>& positions) const;

  const config::KafkaSettings settings_;
  const KafkaSourceOptions options_;
  SourceListener& listener_;
  Metrics& metrics_;
  prometheus::Counter& read_while_paused_;
  prometheus::Counter& members_remade_;

  std::unique_ptr<kafka::Consumer> consumer_;
  bool is_paused_ = false;
  bool is_closed_ = false;
  std::set<std::int32_t> assigned_;
  std::set<std::int32_t> paused_;  // partitions that librdkafka was told to pause, each once (K12)
  std::deque<SourceRecord> held_;  // came while paused; one a partition
  Backoff backoff_;
  Clock::time_point make_after_{};
};

}  // namespace chat::persister
