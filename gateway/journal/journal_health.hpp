// Whether records get into Kafka, and if not, why.
#pragma once

#include <atomic>
#include <mutex>
#include <optional>

#include "common/base/trouble.hpp"

namespace chat::gateway {

/// Any thread.
class JournalHealth {
 public:
  void set_broker(bool has_broker) { has_broker_.store(has_broker, std::memory_order_relaxed); }

  /// From the moment a producer failed for good until all that it left is produced again.
  void set_rebuilding(bool is_rebuilding) { is_rebuilding_.store(is_rebuilding, std::memory_order_relaxed); }
  bool is_rebuilding() const { return is_rebuilding_.load(std::memory_order_relaxed); }

  /// What the last delivery report said; none when it was good.
  void set_trouble(std::optional<Trouble> trouble);

  /// `is_stalled`: there are records, and none of them got its report for some time.
  bool healthy(bool is_stalled) const;

  /// None while all is well.
  std::optional<Trouble> trouble(bool is_stalled) const;

 private:
  std::atomic<bool> has_broker_{true};
  std::atomic<bool> is_rebuilding_{false};
  mutable std::mutex mutex_;
  std::optional<Trouble> trouble_;
};

}  // namespace chat::gateway
