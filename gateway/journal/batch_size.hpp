// How large the journal's batches may be, from the topic's limit and from what Kafka refused.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>

namespace chat::gateway {

/// Pure. Bytes of keys and values, unless said otherwise.
class BatchSize {
 public:
  explicit BatchSize(std::size_t max_bytes) : max_bytes_(max_bytes), bytes_(max_bytes) {}

  std::size_t bytes() const { return bytes_; }
  bool is_reduced() const { return bytes_ < max_bytes_; }

  /// The largest record.
  std::size_t record_limit_bytes() const {
    return topic_limit_ == 0 ? std::numeric_limits<std::size_t>::max() : less_overhead(topic_limit_);
  }

  /// Of a batch that was refused only the size is known, not which of its records are at fault. A record that
  /// is larger than a batch may be was sent alone.
  bool was_alone(std::size_t record_bytes) const { return record_bytes > bytes_; }

  /// Kafka refused a batch of this size.
  void halve() { bytes_ = std::max<std::size_t>(bytes_ / 2, 1); }

  /// The topic takes batches of so many bytes with all that Kafka adds; 0: not known. The same limit
  /// given again changes nothing: it may be out of date and would undo what was learned since. Whether
  /// bytes() changed.
  bool follow(std::size_t topic_limit_bytes) {
    if (topic_limit_bytes == topic_limit_) return false;
    topic_limit_ = topic_limit_bytes;
    const std::size_t before = bytes_;
    bytes_ = std::min(max_bytes_, record_limit_bytes());
    return bytes_ != before;
  }

 private:
  /// What Kafka counts beside the keys and values of a batch, with some to spare for each of its records.
  static constexpr std::size_t overhead_bytes = 200;

  static std::size_t less_overhead(std::size_t bytes) {
    return bytes > overhead_bytes ? bytes - overhead_bytes : 1;
  }

  std::size_t max_bytes_;
  std::size_t bytes_;
  std::size_t topic_limit_ = 0;
};

}  // namespace chat::gateway
