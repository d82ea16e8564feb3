// The persister's records from Kafka: a member of the consumer group that can be paused.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/backoff.hpp"
#include "common/config/service_settings.hpp"
#include "common/kafka/consumer.hpp"
#include "common/metrics/metrics.hpp"
#include "persister/interfaces/source.hpp"
#include "persister/source/source_metrics.hpp"

namespace prometheus {
class Counter;
}  // namespace prometheus

namespace chat::persister {

struct KafkaSourceOptions {
  std::string client_id;  // as the brokers see it
  std::string group;
  std::string instance_id;  // from an explicit PERSISTER_ID only, else empty
  bool reads_traces = false;
};

/// The group.instance.id of a persister with this PERSISTER_ID, empty without one. Another one for each
/// topic: Kafka hands a static member that comes back what it had before, also where that was another topic.
/// At most 249 bytes.
std::string instance_id_for(const std::string& persister_id, const std::string& topic);

/// The text beside a committed offset that says where reading began, and back; none for any other text.
std::string commit_note(std::int64_t began);
std::optional<std::int64_t> parse_commit_note(std::string_view note);

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
  std::map<std::int32_t, SourceLog> logs(const std::vector<std::int32_t>& partitions) override;
  void read_from(const std::vector<ReadPosition>& positions) override;
  void commit(const std::vector<Position>& positions) override;
  void commit_and_wait(const std::vector<Position>& positions, std::chrono::milliseconds wait) override;
  void close() override;

  /// Whether the brokers can be reached, as of the last poll().
  bool healthy() const;

 private:
  using Clock = std::chrono::steady_clock;

  void on_assigned(const std::vector<std::int32_t>& partitions) override;
  void on_revoked(const std::vector<std::int32_t>& partitions) override;
  void on_lost_position(std::int32_t partition) override { listener_.on_lost_position(partition); }
  void on_failure() override { listener_.on_interruption(); }

  std::unique_ptr<kafka::Consumer> make_consumer();
  bool is_usable(std::chrono::milliseconds wait);
  void give_up_consumer(const std::string& reason);
  void note_brokers();
  std::optional<SourceRecord> take_held();
  void hold(kafka::ConsumedRecord record);
  std::vector<kafka::PartitionOffset> own(const std::vector<Position>& positions) const;

  const config::KafkaSettings settings_;
  const KafkaSourceOptions options_;
  SourceListener& listener_;
  Metrics& metrics_;
  const SourceMetrics figures_;

  std::unique_ptr<kafka::Consumer> consumer_;
  bool is_paused_ = false;
  bool is_closed_ = false;
  bool has_broker_ = true;
  struct Reading {
    std::int64_t next = 0;
    std::int64_t began = 0;
  };
  std::set<std::int32_t> assigned_;
  std::map<std::int32_t, Reading> readings_;  // of the assigned ones that are read
  std::set<std::int32_t> paused_;             // partitions that librdkafka was told to pause, each once
  std::deque<SourceRecord> held_;             // came while paused; one a partition
  Backoff backoff_;
  Clock::time_point make_after_{};
};

}  // namespace chat::persister
