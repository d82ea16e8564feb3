// librdkafka's own mock of a Kafka cluster, in this process on loopback.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "common/config/service_settings.hpp"

namespace chat::test {

inline constexpr std::chrono::seconds patience{30};

/// Whether `done` came true before the deadline. Calls it every few milliseconds.
bool eventually(const std::function<bool()>& done, std::chrono::milliseconds limit = patience);

struct StoredRecord {
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::string key;
  std::string value;
  std::map<std::string, std::string> headers;
};

/// One broker with the topics MESSAGES (4 partitions) and MESSAGES.dead (1).
class MockCluster {
 public:
  // Of Kafka's protocol, for fail_next().
  static constexpr std::int16_t produce_request = 0;
  static constexpr std::int16_t heartbeat_request = 12;
  static constexpr std::int16_t init_producer_id_request = 22;
  static constexpr int msg_size_too_large = 10;
  static constexpr int record_list_too_large = 18;
  static constexpr int invalid_required_acks = 21;
  static constexpr int invalid_record = 87;
  static constexpr int topic_authorization_failed = 29;
  static constexpr int cluster_authorization_failed = 31;
  static constexpr int out_of_order_sequence_number = 45;
  static constexpr int fenced_instance_id = 82;

  MockCluster();
  ~MockCluster();
  MockCluster(const MockCluster&) = delete;
  MockCluster& operator=(const MockCluster&) = delete;

  config::KafkaSettings settings() const;

  /// Breaks every connection and takes no new one, until up().
  void down();
  void up();

  /// Answers the next `times` requests of that kind with the error.
  void fail_next(std::int16_t request, int error, int times = 1);

  /// The broker, which is number 1, leads the partition; -1: nobody does.
  void set_leader(const std::string& topic, std::int32_t partition, std::int32_t broker);

  /// Every answer takes so long.
  void set_delay(std::chrono::milliseconds delay);

  /// Writes one record; returns when the broker has it.
  void produce(const std::string& topic, std::int32_t partition, const std::string& key,
               const std::string& value);

  /// The topic from its beginning, in the order of each partition, as soon as it has at least `count`
  /// records, or what came before the deadline.
  std::vector<StoredRecord> read(const std::string& topic, std::size_t count) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace chat::test
