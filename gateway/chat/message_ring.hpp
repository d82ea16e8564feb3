// The newest messages of one room on one worker, to answer who comes back a moment later. Pure.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>

#include "common/wire/cursor.hpp"
#include "gateway/bus/room_store.hpp"
#include "gateway/chat/events.hpp"

namespace chat::gateway {

/// Consecutive numbers of one epoch, which prove by themselves that nothing between them is missing; a
/// message that does not follow begins anew. At most 256 messages and 64 KiB, at least the newest. The frames
/// are those that went to the members.
class MessageRing {
 public:
  static constexpr std::size_t max_messages = 256;
  static constexpr std::size_t max_bytes = std::size_t{64} * 1024;

  void push(const RoomMessage& message);

  /// Whether every message from after `since` to the newest is here, and the cursor is not beyond that.
  bool covers(Cursor since) const;

  /// The messages after `since`, which covers() affirmed, as a complete page. Who asks for the same page
  /// again before the next message gets the same one.
  std::shared_ptr<const ReadReply> page_after(Cursor since, Cursor stored);

  bool empty() const { return messages_.empty(); }

  /// Once a second: forgets everything after a minute without a message.
  void sweep();

 private:
  static constexpr int max_idle_sweeps = 60;

  void clear();
  void drop_oldest();

  std::deque<RoomMessage> messages_;  // oldest first
  std::size_t bytes_ = 0;
  int idle_sweeps_ = 0;
  std::shared_ptr<const ReadReply> page_;  // after page_since_, while it is still the newest
  Cursor page_since_;
};

}  // namespace chat::gateway
