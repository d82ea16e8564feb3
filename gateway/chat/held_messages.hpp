// The messages that are published in a room while its joins are read. Pure.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "common/base/bug.hpp"
#include "common/wire/cursor.hpp"
#include "gateway/chat/events.hpp"

namespace chat::gateway {

/// What all rooms of one worker hold together, as HeldMessages counts it.
struct HeldBytes {
  std::size_t all = 0;
};

/// A read shows everything that was published before it began, so only later messages are held for it. Above
/// a bound the oldest read loses what is held for it, and its joiners get a page with `more`. On the worker's
/// thread.
class HeldMessages {
 public:
  /// Of one room. A page and as many bytes again fit into the smallest outbox.
  static constexpr std::size_t max_bytes = std::size_t{256} * 1024;
  /// Of all rooms of a worker.
  static constexpr std::size_t max_worker_bytes = std::size_t{32} * 1024 * 1024;

  /// Counts the messages that were held.
  using Position = std::uint64_t;

  /// `worker` outlives it.
  explicit HeldMessages(HeldBytes& worker) : worker_(worker) {}
  ~HeldMessages() {
    CHAT_BUG(worker_.all < bytes_, "a worker's sum of held bytes lacks those of a room");
    worker_.all -= bytes_;
  }
  HeldMessages(const HeldMessages&) = delete;
  HeldMessages& operator=(const HeldMessages&) = delete;

  /// A read begins. It ends with end_read() of the returned position.
  Position begin_read() {
    reads_.push_back(first_ + messages_.size());
    return reads_.back();
  }

  void end_read(Position begin) {
    const auto found = std::ranges::lower_bound(reads_, begin);
    if (found == reads_.end() || *found != begin) return;
    reads_.erase(found);
    forget_what_no_read_needs();
  }

  /// Whether everything that was published since the read began is held. The read has not ended.
  bool has_all_since(Position begin) const { return !reads_.empty() && begin >= reads_.front(); }

  /// Costs one branch while no read needs it.
  void push(const RoomMessage& message) {
    if (!reads_.empty()) hold(message);
  }

  const std::deque<RoomMessage>& messages() const { return messages_; }
  std::size_t bytes() const { return bytes_; }

  /// Of the messages after the cursor.
  std::size_t bytes_after(Cursor cursor) const {
    std::size_t sum = 0;
    for (auto message = messages_.rbegin(); message != messages_.rend() && message->cursor > cursor;
         ++message)
      sum += weight(*message);
    return sum;
  }

 private:
  /// Including the objects around the frame.
  static std::size_t weight(const RoomMessage& message) {
    return message.frame->view().size() + sizeof(RoomMessage) + sizeof(ws::Frame);
  }

  void hold(const RoomMessage& message) {
    CHAT_BUG(bytes_ > max_bytes || worker_.all < bytes_, "held bytes were counted wrongly");
    messages_.push_back(message);
    bytes_ += weight(message);
    worker_.all += weight(message);
    while (!reads_.empty() && (bytes_ > max_bytes || worker_.all > max_worker_bytes)) {
      reads_.erase(reads_.begin());
      forget_what_no_read_needs();
    }
    CHAT_BUG(bytes_ > max_bytes || messages_.empty() != (bytes_ == 0), "a room holds more than its bound");
  }

  void forget_what_no_read_needs() {
    const Position needed = reads_.empty() ? first_ + messages_.size() : reads_.front();
    for (; first_ < needed; ++first_) {
      bytes_ -= weight(messages_.front());
      worker_.all -= weight(messages_.front());
      messages_.pop_front();
    }
    if (messages_.empty()) messages_ = {};  // gives a burst's memory back
  }

  HeldBytes& worker_;
  std::vector<Position> reads_;  // rising; those for which everything is held
  Position first_ = 0;           // of the oldest message
  std::deque<RoomMessage> messages_;
  std::size_t bytes_ = 0;
};

}  // namespace chat::gateway
