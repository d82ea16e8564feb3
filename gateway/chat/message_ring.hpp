// The newest messages of one room on one worker, for clients that reconnect a moment later. Pure.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>

#include "common/wire/cursor.hpp"
#include "gateway/bus/room_store.hpp"
#include "gateway/chat/events.hpp"

namespace chat::gateway {

/// Consecutive numbers of one epoch, which prove by themselves that nothing between them is missing. A
/// message that does not follow the last one clears the ring first. At most 256 messages and 64 KiB, but at
/// least the newest. The frames are those that the members got.
class MessageRing {
 public:
  static constexpr std::size_t max_messages = 256;
  static constexpr std::size_t max_bytes = std::size_t{64} * 1024;

  void push(const RoomMessage& message);

  /// Whether the ring has every message after `since`, which is not beyond the newest.
  bool covers(Cursor since) const;

  /// The messages after `since` as a complete page; covers(since) is true. Calls for the same page before the
  /// next message share one.
  std::shared_ptr<const ReadReply> page_after(Cursor since, Cursor stored);

  bool empty() const { return messages_.empty(); }

  /// Once a second. Clears the ring after a minute without a message.
  void sweep();

 private:
  static constexpr int max_idle_sweeps = 60;

  void clear();
  void drop_oldest();

  std::deque<RoomMessage> messages_;  // oldest first
  std::size_t bytes_ = 0;
  int idle_sweeps_ = 0;
  std::shared_ptr<const ReadReply> page_;  // the last one given, until the next message
  Cursor page_since_;
};

}  // namespace chat::gateway
