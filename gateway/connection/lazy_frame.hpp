// One frame in several forms, each encoded once by the worker that needs it first.
#pragma once

#include <array>
#include <cstddef>
#include <mutex>
#include <utility>

#include "gateway/connection/frame.hpp"

namespace chat::gateway::ws {

/// The bytes of the forms, shared by all workers. Any thread.
class LazyFrame {
 public:
  static constexpr std::size_t forms = 2;

  /// `encode` makes the bytes of the form; every caller gives the same one. Callers wait while the form is
  /// being encoded. After that a call costs one atomic read.
  template <class Encode>
  const FrameBytes& get(std::size_t form, Encode&& encode) {
    std::call_once(once_[form], [&] { bytes_[form] = std::forward<Encode>(encode)(); });
    return bytes_[form];
  }

 private:
  std::array<std::once_flag, forms> once_;
  std::array<FrameBytes, forms> bytes_;
};

/// One worker's handles on the forms of one LazyFrame. On that worker's thread.
class LazyFrameHandles {
 public:
  /// The handle on the form, made from `shared` at the first call. The reference lives as long as this
  /// object.
  template <class Encode>
  const FrameRef& get(LazyFrame& shared, std::size_t form, Encode&& encode) {
    FrameRef& handle = handles_[form];
    if (!handle) handle = make_frame(shared.get(form, std::forward<Encode>(encode)));
    return handle;
  }

  /// Null before the first get() of the form.
  const FrameRef& made(std::size_t form) const { return handles_[form]; }

 private:
  std::array<FrameRef, LazyFrame::forms> handles_;
};

}  // namespace chat::gateway::ws
