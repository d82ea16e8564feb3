// Looks through the records of a partition that are there already.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/base/result.hpp"
#include "common/config/service_settings.hpp"
#include "common/kafka/consumer.hpp"

namespace chat::kafka {

/// A Kafka client of no group that only reads. One thread.
class RecordScan {
 public:
  /// Whether the record was the wanted one, so that no more is read.
  using Visit = std::function<bool(const ConsumedRecord&)>;

  /// Does not connect yet. The error is a sentence.
  static Result<std::unique_ptr<RecordScan>> make(const config::KafkaSettings& settings,
                                                  const std::string& client_id, const std::string& topic);
  ~RecordScan();

  /// The offset of the first record whose Kafka time is `milliseconds` since 1970 or later; none where there
  /// is none, or the leader does not answer within `wait`.
  std::optional<std::int64_t> offset_at(std::int32_t partition, std::int64_t milliseconds,
                                        std::chrono::milliseconds wait);

  /// Visits the records from offset `from` to below `to`, both within the partition's bounds. Gives the next
  /// offset: below `to` where a visit ended it, or no record came for `silence`.
  std::int64_t scan(std::int32_t partition, std::int64_t from, std::int64_t to,
                    std::chrono::milliseconds silence, const Visit& visit);

 private:
  struct Impl;
  explicit RecordScan(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace chat::kafka
