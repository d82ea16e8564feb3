// The live members of one room on one worker, and the one order in which they see its messages.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "common/base/bug.hpp"
#include "common/wire/cursor.hpp"
#include "gateway/chat/events.hpp"
#include "gateway/chat/message_ring.hpp"
#include "gateway/chat/room_member.hpp"

namespace chat::gateway {

/// Numbers rise from message to message, except that of a late message. On the worker's thread.
class LiveOrder {
 public:
  std::size_t size() const { return members_.size(); }
  bool empty() const { return members_.empty(); }

  /// The member gets every message above `seen` from now on, and every late one.
  void add(RoomMember& member, Cursor seen) {
    member.live_index_ = members_.size();
    members_.push_back({&member.outlet_, &member, seen});
    highest_seen_ = std::max(highest_seen_, seen);
  }

  void remove(RoomMember& member) {
    const LiveMember last = members_.back();
    last.member->live_index_ = member.live_index_;
    members_[member.live_index_] = last;
    members_.pop_back();
  }

  /// The number up to which a live member has all messages.
  Cursor position_of(const RoomMember& member) const {
    return std::max(members_[member.live_index_].seen, last_published_);
  }

  /// Delivers the message to each live member that has not seen it yet; gives how many. Members must not be
  /// added or removed meanwhile. `is_late`: its number is below some that the members saw.
  std::size_t publish(const RoomMessage& message, bool is_late) {
    CHAT_BUG(!is_late && message.cursor <= last_published_, "a message's number does not rise");
    raise_floor(message.cursor.epoch);
    last_published_ = std::max(last_published_, message.cursor);
    ring_.push(message);
    const Cursor published = last_published_;
    const std::size_t count = members_.size();
    const std::size_t delivered = is_late || message.cursor > highest_seen_
                                      ? deliver_to_all(message)
                                      : deliver_to_those_behind(message);
    CHAT_BUG(published != last_published_ || count != members_.size(),
             "a room's order or its members changed within a delivery");
    return delivered;
  }

  template <class Call>
  void for_each(Call&& call) const {
    for (const LiveMember& live : members_) call(*live.member);
  }

  /// The newest messages, while they prove by themselves that nothing after `since` is missing.
  bool has_all_after(Cursor since) const { return ring_.covers(since); }
  std::shared_ptr<const ReadReply> page_after(Cursor since, Cursor stored) {
    return ring_.page_after(since, stored);
  }

  /// The highest epoch of which a message was published or read; 0 for none (AcceptRequest::floor).
  std::int64_t floor() const { return floor_; }
  void raise_floor(std::int64_t epoch) { floor_ = std::max(floor_, epoch); }

  /// Once a second.
  void sweep() { ring_.sweep(); }

 private:
  struct LiveMember {
    Outlet* outlet;
    RoomMember* member;
    Cursor seen;  // when it became live
  };

  /// By index, so that memory stays valid even if a member breaks its contract and leaves.
  std::size_t deliver_to_all(const RoomMessage& message) {
    for (std::size_t i = 0; i < members_.size(); ++i) members_[i].outlet->deliver(message);
    return members_.size();
  }
  std::size_t deliver_to_those_behind(const RoomMessage& message) {
    std::size_t delivered = 0;
    for (std::size_t i = 0; i < members_.size(); ++i) {
      const LiveMember& live = members_[i];
      if (message.cursor <= live.seen) continue;
      live.outlet->deliver(message);
      ++delivered;
    }
    return delivered;
  }

  std::vector<LiveMember> members_;
  Cursor highest_seen_;
  Cursor last_published_;
  MessageRing ring_;
  std::int64_t floor_ = 0;
};

}  // namespace chat::gateway
