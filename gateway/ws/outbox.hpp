// The unsent frames of one connection, in order and bounded. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include <sys/uio.h>

#include "gateway/connection/frame.hpp"

namespace chat::gateway::ws {

/// The first few frames are inside the object, so that a fan-out touches no other memory. More frames spill
/// to a queue, which is freed as soon as it is empty. Inline because every delivery goes through it.
class Outbox {
 public:
  /// What each frame counts beside its bytes, so that many small frames are bounded too.
  static constexpr std::size_t frame_overhead = 64;

  bool empty() const { return inline_count_ == 0; }

  /// The unsent bytes, plus `frame_overhead` for each frame.
  std::size_t weight() const { return weight_; }

  /// Whether the outbox is within `bound` with the frame.
  bool fits(const Frame& frame, std::size_t bound) const {
    return weight_ + frame.bytes->size() + frame_overhead <= bound;
  }

  /// Appends without a check; ask fits() first.
  void append(FrameRef frame) {
    weight_ += frame->bytes->size() + frame_overhead;
    if (inline_count_ < inline_slots) {
      slot(inline_count_++) = std::move(frame);
    } else {
      if (!spilled_) spilled_ = std::make_unique<std::deque<FrameRef>>();
      spilled_->push_back(std::move(frame));
    }
  }

  /// Points `out` at unsent bytes, oldest first, and returns the part of `out` that was filled. Valid until
  /// the next change.
  std::span<iovec> gather(std::span<iovec> out) const {
    std::size_t used = 0;
    for (; used < inline_count_ && used < out.size(); ++used) out[used] = to_iovec(*slot(used));
    if (spilled_) {
      for (auto it = spilled_->begin(); it != spilled_->end() && used < out.size(); ++it) {
        out[used++] = to_iovec(**it);
      }
    }
    if (used > 0) {
      out[0].iov_base = static_cast<char*>(out[0].iov_base) + sent_of_front_;
      out[0].iov_len -= sent_of_front_;
    }
    return out.first(used);
  }

  /// Removes `bytes` that gather() gave and that were sent.
  void consume(std::size_t bytes) {
    while (bytes > 0) {
      const std::size_t left = slot(0)->bytes->size() - sent_of_front_;
      if (bytes < left) {
        sent_of_front_ += bytes;
        weight_ -= bytes;
        return;
      }
      bytes -= left;
      weight_ -= left + frame_overhead;
      sent_of_front_ = 0;
      pop_front();
    }
  }

  /// Drops all frames but those that are partly sent, since cutting one would break the framing. So are the
  /// frames with the next `taken` unsent bytes: TLS has put them into a record already.
  void drop_unsent(std::size_t taken = 0) {
    const std::size_t sent = sent_of_front_;
    std::vector<FrameRef> kept;
    for (std::size_t kept_bytes = 0; kept_bytes < sent + taken && !empty(); pop_front()) {
      kept_bytes += slot(0)->bytes->size();
      kept.push_back(slot(0));
    }
    clear();
    for (FrameRef& frame : kept) append(std::move(frame));
    sent_of_front_ = sent;
    weight_ -= sent;
  }

  void clear() {
    for (FrameRef& frame : inline_) frame.reset();
    spilled_.reset();
    inline_head_ = inline_count_ = 0;
    sent_of_front_ = weight_ = 0;
  }

 private:
  static constexpr std::size_t inline_slots = 4;

  static iovec to_iovec(const Frame& frame) {
    const auto& bytes = *frame.bytes;
    return {const_cast<char*>(bytes.data()), bytes.size()};  // sendmsg takes it so, and only reads
  }

  FrameRef& slot(std::size_t index) { return inline_[(inline_head_ + index) % inline_slots]; }
  const FrameRef& slot(std::size_t index) const { return inline_[(inline_head_ + index) % inline_slots]; }

  void pop_front() {
    slot(0).reset();
    inline_head_ = static_cast<std::uint8_t>((inline_head_ + 1) % inline_slots);
    --inline_count_;
    if (!spilled_) return;
    slot(inline_count_++) = std::move(spilled_->front());
    spilled_->pop_front();
    if (spilled_->empty()) spilled_.reset();
  }

  std::array<FrameRef, inline_slots> inline_;
  std::unique_ptr<std::deque<FrameRef>> spilled_;  // newer than what is inline; never empty
  std::size_t weight_ = 0;
  std::size_t sent_of_front_ = 0;
  std::uint8_t inline_head_ = 0;
  std::uint8_t inline_count_ = 0;
};

}  // namespace chat::gateway::ws
