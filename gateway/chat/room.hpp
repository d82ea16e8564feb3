// One room on one worker: joins, live members and watchers put together.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "common/wire/stored_numbers.hpp"
#include "gateway/bus/room_store.hpp"
#include "gateway/chat/events.hpp"
#include "gateway/chat/hub_port.hpp"
#include "gateway/chat/live_order.hpp"
#include "gateway/chat/room_joins.hpp"
#include "gateway/chat/room_member.hpp"
#include "gateway/chat/room_watchers.hpp"

namespace chat::gateway {

/// A join goes this way: subscribed → read → page → messages after the page that came meanwhile → live. A
/// client that comes back within the ring of newest messages is answered from that, without a read. All live
/// members see the messages in the order of publish(). On the worker's thread.
class Room : public std::enable_shared_from_this<Room> {
 public:
  /// All three outlive the room. `held` is counted by all rooms of the worker.
  Room(std::string name, RoomStore& store, HubPort& hub, HeldBytes& held);

  const std::string& name() const { return name_; }

  /// (Re)starts the member's join: it gets no live message until the answer. Every call is answered once. Any
  /// state is allowed; a join that still waits is overtaken. A member that is live and says no `since` misses
  /// nothing. Without a wish for history it keeps its position and is answered within the call; a history
  /// that does not reach its position is not given, but everything after that position.
  void join(RoomMember& member, RequestId id, std::optional<Cursor> since, std::size_t history);

  /// Whether such a join is answered within the call, from the ring. That is sound without Redis too: what
  /// the ring does not have yet comes to the member as it comes to those who stayed, holes repaired.
  bool has_all_after(const std::optional<Cursor>& since) const {
    return joins_.is_subscribed() && since && live_.has_all_after(*since);
  }

  /// Without effect for a member that is outside; a join that still waits is overtaken. The member goes on to
  /// await stored numbers.
  void leave(RoomMember& member);

  /// The member is told what is stored, until the wait is ended, which it must be before its end.
  void await_stored(RoomMember& member) { watchers_.await_stored(member); }
  void end_wait(RoomMember& member) { watchers_.end_wait(member); }

  /// A publication of the persister.
  void on_stored(const StoredNumbers& stored);

  /// A live member wants to know who is there: it is told all that are, at once or soon, and then what
  /// changes, until it leaves or joins anew.
  void watch(RoomMember& member) { watchers_.watch(member); }

  /// To the members that watch; gives how many.
  std::size_t on_presence(std::shared_ptr<const Presence> presence);

  /// Whether the hub wants to know whom this worker has here, now and after each change.
  void report_attendance(bool is_wanted);

  /// A member has another name now.
  void on_renamed() { is_attendance_due_ = true; }

  /// The member types: all others are told, unless there is too much of it in this room. Gives whether they
  /// are.
  bool tell_typing(const RoomMember& member, std::chrono::steady_clock::time_point now) {
    return watchers_.tell_typing(member, now);
  }

  /// To all live members but the one that types.
  void on_typing(const Typing& typing);

  /// The newest watermark that this room was told; {0, 0} before any.
  Cursor stored() const { return watchers_.stored(); }

  /// The gateway's subscription is confirmed: waiting joins are read.
  void on_subscribed();

  /// Hands a message to every live member; gives how many. A late one has a number below some that the
  /// members saw.
  std::size_t publish(const RoomMessage& message, bool is_late = false);

  /// Fails all joins that still wait for the subscription.
  void fail_waiting();

  /// Once a second.
  void sweep();

  bool empty() const { return live_.empty() && paging_ == 0 && joins_.empty(); }
  bool is_subscribed() const { return joins_.is_subscribed(); }
  std::size_t live_members() const { return live_.size(); }

  /// The highest epoch of which a message was seen or read; 0 for none (AcceptRequest::floor).
  std::int64_t floor() const { return live_.floor(); }
  void raise_floor(std::int64_t epoch) { live_.raise_floor(epoch); }

 private:
  /// While the room calls its members: none may join or leave (RoomMember).
  class Calling {
   public:
    explicit Calling(Room& room) : room_(room), was_calling_(std::exchange(room.is_calling_, true)) {}
    ~Calling() { room_.is_calling_ = was_calling_; }
    Calling(const Calling&) = delete;
    Calling& operator=(const Calling&) = delete;

   private:
    Room& room_;
    const bool was_calling_;
  };

  std::optional<Cursor> position_of(const RoomMember& member) const;
  void answer_in_place(RoomMember& member, const RequestId& id, Cursor position);
  void carry_out(RoomJoins::Step step);
  void read(const RoomJoins::ReadRef& read);
  void on_read(const RoomJoins::ReadRef& read, ReadReply reply);
  void give(const RoomJoins::Answer& answer);
  void make_live(RoomMember& member, Cursor newest);
  void report_attendance();
  Attendance attendance() const;

  const std::string name_;
  RoomStore& store_;
  HubPort& hub_;
  RoomJoins joins_;
  LiveOrder live_;
  RoomWatchers watchers_;
  std::size_t paging_ = 0;  // members between two pages of their join
  bool is_attendance_wanted_ = false;
  bool is_attendance_due_ = false;
  bool is_calling_ = false;
};

}  // namespace chat::gateway
