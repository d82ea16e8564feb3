// The partitions that the group has given to this persister.
#pragma once

#include <cstdint>
#include <mutex>
#include <set>
#include <vector>

namespace chat::persister {

/// Written by the pipeline's thread at rebalances, read by any thread. The answer may be out of date when it
/// is used: a partition may go to another persister at any moment, so everything that is done for one must be
/// harmless when two persisters do it.
class OwnedPartitions {
 public:
  /// These and no others.
  void assign(const std::vector<std::int32_t>& partitions) {
    const std::lock_guard lock(mutex_);
    owned_ = {partitions.begin(), partitions.end()};
  }

  void revoke(const std::vector<std::int32_t>& partitions) {
    const std::lock_guard lock(mutex_);
    for (const auto partition : partitions) owned_.erase(partition);
  }

  std::set<std::int32_t> snapshot() const {
    const std::lock_guard lock(mutex_);
    return owned_;
  }

 private:
  mutable std::mutex mutex_;
  std::set<std::int32_t> owned_;
};

}  // namespace chat::persister
