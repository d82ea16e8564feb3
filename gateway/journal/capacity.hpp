// Bounds the records and the bytes that are on their way into the log.
#pragma once

#include <atomic>
#include <cstddef>

#include "common/base/bug.hpp"

namespace chat::gateway {

/// One pair of counters for all workers; lock-free, any thread. While several threads ask at once, one may be
/// refused although it would just have fitted. take() never passes the bounds.
class Capacity {
 public:
  Capacity(std::size_t max_records, std::size_t max_bytes)
      : max_records_(max_records), max_bytes_(max_bytes) {}

  /// Takes one slot and `bytes`, or nothing.
  bool take(std::size_t bytes) {
    const bool has_slot = records_.fetch_add(1, std::memory_order_relaxed) < max_records_;
    const bool has_bytes = bytes_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= max_bytes_;
    if (has_slot && has_bytes) return true;
    give_back(1, bytes);
    return false;
  }

  void give_back(std::size_t records, std::size_t bytes) {
    CHAT_BUG(records_.fetch_sub(records, std::memory_order_relaxed) < records,
             "more slots of the journal were given back than were taken");
    CHAT_BUG(bytes_.fetch_sub(bytes, std::memory_order_relaxed) < bytes,
             "more bytes of the journal were given back than were taken");
  }

  /// For a record that turned out larger than it had asked for; may pass the bound, so that the next is
  /// refused.
  void add_bytes(std::size_t bytes) { bytes_.fetch_add(bytes, std::memory_order_relaxed); }

  std::size_t records() const { return records_.load(std::memory_order_relaxed); }
  std::size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  const std::size_t max_records_;
  const std::size_t max_bytes_;
  std::atomic<std::size_t> records_{0};
  std::atomic<std::size_t> bytes_{0};
};

}  // namespace chat::gateway
