// A consumer group's member with manual offsets.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.hpp"
#include "common/config/service_settings.hpp"
#include "common/kafka/headers.hpp"
#include "common/metrics/metrics.hpp"

namespace chat::kafka {

struct ConsumerOptions {
  std::string client_id;  // as the brokers see it
  std::string name;       // in our logs and metrics
  std::string topic;
  std::string group;
  std::string instance_id;  // group.instance.id; empty: a dynamic member (K15)
};

struct ConsumedRecord {
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::string key;
  std::string value;
  std::int64_t timestamp = -1;  // milliseconds since 1970; -1: the record has none
  Headers headers;
};

struct PartitionOffset {
  std::int32_t partition = 0;
  std::int64_t offset = 0;
};

/// Told from inside consume() and close(), on the calling thread.
class RebalanceListener {
 public:
  virtual ~RebalanceListener() = default;
  /// After the partitions were taken; may pause them.
  virtual void on_assigned(const std::vector<std::int32_t>& partitions) = 0;
  /// Before they go; may commit.
  virtual void on_revoked(const std::vector<std::int32_t>& partitions) = 0;
};

/// One thread. Range assignment, no automatic commits, from the earliest offset where none is committed.
class Consumer {
 public:
  /// Subscribes; partitions come in consume(). The error is a sentence for the start.
  static Result<std::unique_ptr<Consumer>> make(const config::KafkaSettings& settings,
                                                const ConsumerOptions& options, RebalanceListener& listener,
                                                Metrics& metrics);
  /// Does not leave the group; close() does.
  ~Consumer();

  /// The next record, or none within `wait`. Errors are logged.
  std::optional<ConsumedRecord> consume(std::chrono::milliseconds wait);

  /// Of partitions that are assigned. Resuming one that is not paused may read records again (K12).
  void pause(const std::vector<std::int32_t>& partitions);
  void resume(const std::vector<std::int32_t>& partitions);

  /// Offsets are the next ones to read. A failure is logged.
  void commit(const std::vector<PartitionOffset>& offsets);
  void commit_and_wait(const std::vector<PartitionOffset>& offsets, std::chrono::milliseconds wait);

  /// Gives the partitions back and leaves the group, for at most `wait` (K19).
  void close(std::chrono::milliseconds wait);

  /// Why this member will never read again, such as a second one with its instance id; make another.
  std::optional<std::string> fatal_error() const;

  bool has_broker() const;

 private:
  struct Impl;
  explicit Consumer(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace chat::kafka
