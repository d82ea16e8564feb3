// A consumer group's member with manual offsets.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.hpp"
#include "common/config/service_settings.hpp"
#include "common/kafka/headers.hpp"
#include "common/kafka/log_bounds.hpp"
#include "common/metrics/metrics.hpp"

namespace chat::kafka {

struct ConsumerOptions {
  std::string client_id;  // as the brokers see it
  std::string name;       // in our logs and metrics
  std::string topic;
  std::string group;
  std::string instance_id;  // group.instance.id; empty: a dynamic member
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
  std::string metadata{};  // of a commit: a text that Kafka keeps beside the group's offset
};

/// What Kafka has of a partition.
struct PartitionLog {
  LogBounds bounds;
  std::optional<PartitionOffset> committed;  // by the group
};

/// Called from inside consume() and close(), on the calling thread. Partitions of other topics are never
/// mentioned; a static member that read another topic before may be given some.
class RebalanceListener {
 public:
  virtual ~RebalanceListener() = default;
  /// Nothing is read of them before read_from() says where to begin.
  virtual void on_assigned(const std::vector<std::int32_t>& partitions) = 0;
  /// Before they go; may commit.
  virtual void on_revoked(const std::vector<std::int32_t>& partitions) = 0;
  /// The topic or the offset that comes next is not there; nothing more comes before the next read_from().
  virtual void on_lost_position(std::int32_t partition) = 0;
  /// Reading failed in another way; librdkafka goes on by itself, perhaps in another topic of the same name.
  virtual void on_failure() = 0;
};

/// One thread. Range assignment, no automatic commits; the caller says where each partition is read from.
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

  /// Reads these partitions and no others, from these offsets on. What was fetched of them before is dropped.
  /// A partition that is paused must be resumed first.
  void read_from(const std::vector<PartitionOffset>& positions);

  /// What Kafka has of each partition that answers within `wait`. After one that does not answer, the others
  /// get a fifth of that time.
  std::map<std::int32_t, PartitionLog> logs(const std::vector<std::int32_t>& partitions,
                                            std::chrono::milliseconds wait);

  /// Of partitions that are read. Resuming one that is not paused may read records again.
  void pause(const std::vector<std::int32_t>& partitions);
  void resume(const std::vector<std::int32_t>& partitions);

  /// Offsets are the next ones to read. A failure is logged.
  void commit(const std::vector<PartitionOffset>& offsets);
  void commit_and_wait(const std::vector<PartitionOffset>& offsets, std::chrono::milliseconds wait);

  /// Gives the partitions back and leaves the group, for at most `wait`.
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
