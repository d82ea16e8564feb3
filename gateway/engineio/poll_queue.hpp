// The frames that wait for a session's polls, and the poll that waits for frames.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "gateway/connection/frame.hpp"
#include "gateway/engineio/engine_answer.hpp"

namespace chat::gateway::engineio {

/// Pure. At most one poll waits at a time.
class PollQueue {
 public:
  explicit PollQueue(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  /// Appends a frame. False where the frames are over the bound now; the caller then gives the client up.
  bool push(const ws::FrameRef& frame);

  bool is_empty() const { return frames_.empty(); }

  /// Bytes that can still be appended. Each frame counts 64 bytes more than its text.
  std::size_t free_bytes() const;

  /// Bytes that wait, counted so.
  std::size_t bytes() const { return bytes_; }

  bool has_poll() const { return static_cast<bool>(poll_); }

  /// A poll waits now. Only while none does.
  void hold(Reply poll) { poll_ = std::move(poll); }

  /// The waiting poll's client is gone: nobody hears an answer.
  void drop_poll() { poll_ = nullptr; }

  /// Answers the waiting poll with one packet. Without effect where no poll waits.
  void answer(std::string packet);

  /// Answers the waiting poll with all frames, as one payload. Without effect where no poll waits.
  void answer_with_frames();

  /// Takes the frames out, in order. Frees their memory, so that an idle session does not hold a burst's.
  std::vector<ws::FrameRef> take_frames();

 private:
  Reply poll_;
  std::vector<ws::FrameRef> frames_;
  std::size_t bytes_ = 0;
  std::size_t max_bytes_;
};

}  // namespace chat::gateway::engineio
