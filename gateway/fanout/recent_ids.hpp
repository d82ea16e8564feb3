// The ids of a room's last messages, so that none is shown twice after Redis lost its memory of ids. Pure.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "common/wire/uuid.hpp"

namespace chat::gateway {

/// A small ring that is searched from end to end: 64 ids are a kilobyte, and scanning it is faster than
/// keeping a hash table.
class RecentIds {
 public:
  static constexpr std::size_t capacity = 64;

  /// Remembers the id in place of the oldest; false if it is remembered already.
  bool add(const Uuid& id) {
    if (std::ranges::find(ids_, id) != ids_.end()) return false;
    if (ids_.size() < capacity) {
      ids_.push_back(id);
    } else {
      ids_[oldest_] = id;
      oldest_ = (oldest_ + 1) % capacity;
    }
    return true;
  }

 private:
  std::vector<Uuid> ids_;
  std::size_t oldest_ = 0;
};

}  // namespace chat::gateway
