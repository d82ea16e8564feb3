// A frame for another protocol, encoded once by whoever needs it first (I5).
#pragma once

#include <mutex>
#include <utility>

#include "gateway/ws/frame.hpp"

namespace chat::gateway::ws {

/// Shared by all workers. Who comes while it is being encoded waits for that; afterwards a call costs one
/// atomic read.
class LazyFrame {
 public:
  /// `encode` makes the bytes, and is the same for all callers.
  template <class Encode>
  const FrameBytes& get(Encode&& encode) {
    std::call_once(once_, [&] { bytes_ = std::forward<Encode>(encode)(); });
    return bytes_;
  }

 private:
  std::once_flag once_;
  FrameBytes bytes_;
};

}  // namespace chat::gateway::ws
