// The forms of one frame, each encoded once by whoever needs it first (I5).
#pragma once

#include <array>
#include <cstddef>
#include <mutex>
#include <utility>

#include "gateway/connection/frame.hpp"

namespace chat::gateway::ws {

/// Shared by all workers. Who comes while one is being encoded waits for that; afterwards a call costs one
/// atomic read.
class LazyFrame {
 public:
  /// The most forms that a frame has.
  static constexpr std::size_t forms = 2;

  /// `encode` makes the bytes of the form, and is the same for all callers.
  template <class Encode>
  const FrameBytes& get(std::size_t form, Encode&& encode) {
    std::call_once(once_[form], [&] { bytes_[form] = std::forward<Encode>(encode)(); });
    return bytes_[form];
  }

 private:
  std::array<std::once_flag, forms> once_;
  std::array<FrameBytes, forms> bytes_;
};

}  // namespace chat::gateway::ws
