// What the partition of a key holds, and whether a position of PostgreSQL belongs to it.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.hpp"
#include "common/config/service_settings.hpp"
#include "common/kafka/log_bounds.hpp"

namespace chat::kafka {

/// The partition that the producers' partitioner (murmur2, as Java's) gives a key. Pure.
std::int32_t partition_of(std::string_view key, std::int32_t partitions);

/// A Kafka client that only asks. One thread. A partition that did not answer is asked again only once it has
/// a leader, so that one partition does not hold up the others.
class EndOffsets {
 public:
  /// Does not connect yet. The error is a sentence for the start.
  static Result<std::unique_ptr<EndOffsets>> make(const config::KafkaSettings& settings,
                                                  const std::string& client_id);
  ~EndOffsets();

  /// How many partitions the settings' topic has; none when no broker answers within `wait`. Brokers are
  /// asked again every few seconds, since the topic may be made again.
  std::optional<std::int32_t> partitions(std::chrono::milliseconds wait);

  /// None when the partition's leader does not answer within `wait`.
  std::optional<LogBounds> bounds(std::int32_t partition, std::chrono::milliseconds wait);
  std::optional<std::int64_t> end_offset(std::int32_t partition, std::chrono::milliseconds wait);

  /// Reads the record at this offset, which must be within the bounds, and gives its record_hash:
  /// unknown_record where another record comes instead. None when no record comes within `wait`.
  std::optional<std::int64_t> hash_at(std::int32_t partition, std::int64_t offset,
                                      std::chrono::milliseconds wait);

  /// Whether the position is one of this very topic as it is now: not above its end, and the topic has the
  /// records that it knows, as far as they have not expired. None when Kafka does not say.
  std::optional<bool> proves(std::int32_t partition, const StoredPosition& position,
                             std::chrono::milliseconds wait);

 private:
  using Clock = std::chrono::steady_clock;
  struct Impl;
  explicit EndOffsets(std::unique_ptr<Impl> impl);

  bool may_ask(std::int32_t partition);
  bool note(std::int32_t partition, bool has_answered);

  std::unique_ptr<Impl> impl_;
  std::map<std::int32_t, Clock::time_point> silent_;  // partition to when it may be asked again
};

}  // namespace chat::kafka
