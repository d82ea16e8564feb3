// Where the partition of a key ends.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.hpp"
#include "common/config/service_settings.hpp"

namespace chat::kafka {

/// The partition that the producers' partitioner (murmur2, as Java's) gives a key. Pure.
std::int32_t partition_of(std::string_view key, std::int32_t partitions);

/// A client that only asks; of one thread.
class EndOffsets {
 public:
  /// Does not connect yet. The error is a sentence for the start.
  static Result<std::unique_ptr<EndOffsets>> make(const config::KafkaSettings& settings,
                                                  const std::string& client_id);
  ~EndOffsets();

  /// How many partitions the settings' topic has; none when no broker says it within `wait`. Known from then
  /// on.
  std::optional<std::int32_t> partitions(std::chrono::milliseconds wait);

  /// The offset that the partition's next record will get; none when the broker does not answer within
  /// `wait`.
  std::optional<std::int64_t> end_offset(std::int32_t partition, std::chrono::milliseconds wait);

 private:
  struct Impl;
  explicit EndOffsets(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace chat::kafka
