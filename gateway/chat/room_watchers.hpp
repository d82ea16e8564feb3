// The members of one room that get more than its messages: stored numbers or presence.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "common/wire/cursor.hpp"
#include "common/wire/stored_numbers.hpp"
#include "gateway/chat/events.hpp"
#include "gateway/chat/hub_port.hpp"
#include "gateway/chat/member_list.hpp"
#include "gateway/chat/rate_window.hpp"
#include "gateway/chat/room_member.hpp"
#include "gateway/chat/session_limits.hpp"

namespace chat::gateway {

/// On the worker's thread.
class RoomWatchers {
 public:
  /// Both outlive this.
  RoomWatchers(const std::string& room, HubPort& hub) : room_(room), hub_(hub) {}

  void await_stored(RoomMember& member) { awaiting_stored_.add(member); }
  void end_wait(RoomMember& member) { awaiting_stored_.remove(member); }
  void on_stored(const StoredNumbers& stored);

  /// The newest known watermark; {0, 0} before any.
  Cursor stored() const { return stored_; }

  /// A watermark was read; gives the newest.
  Cursor raise_stored(Cursor watermark);

  /// As Room::watch.
  void watch(RoomMember& member);
  void end_watch(RoomMember& member);
  bool is_watching(const RoomMember& member) const { return member.watch_index_.has_value(); }

  /// As Room::on_presence.
  std::size_t on_presence(std::shared_ptr<const Presence> presence);

  /// As Room::tell_typing.
  bool tell_typing(const RoomMember& member, std::chrono::steady_clock::time_point now);

  /// Once a second.
  void sweep();

 private:
  void tell_presence(RoomMember& member, const Delivery<PresenceEvent>& delivery);

  const std::string& room_;
  HubPort& hub_;
  Cursor stored_;
  MemberList<RoomMember, &RoomMember::stored_index_> awaiting_stored_;
  MemberList<RoomMember, &RoomMember::watch_index_> watching_;
  std::shared_ptr<const Presence> presence_;  // the newest, while somebody watches
  bool is_presence_owed_ = false;             // to a member that did not keep up
  RateWindow typing_{max_typing_a_second};
};

}  // namespace chat::gateway
