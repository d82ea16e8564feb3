// One room on one worker: its joins, live members and watchers together.
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

/// The steps of a join: subscribed → read → page → messages that were published meanwhile → live. A client
/// whose cursor lies within the ring of newest messages is answered from the ring, without a read. All live
/// members see the messages in the order of publish(). On the worker's thread.
class Room : public std::enable_shared_from_this<Room> {
 public:
  /// `store`, `hub` and `held` outlive the room. All rooms of the worker share `held`.
  Room(std::string name, RoomStore& store, HubPort& hub, HeldBytes& held);

  const std::string& name() const { return name_; }

  /// (Re)starts the member's join. The member gets no live message until the answer. Each call is answered
  /// once. A join that still waits is overtaken. A live member that joins again without `since` misses
  /// nothing: without `history` it keeps its position and is answered within the call; with `history` it gets
  /// the history if that reaches its position, else everything after its position.
  void join(RoomMember& member, RequestId id, std::optional<Cursor> since, std::size_t history);

  /// Whether a join is answered from the ring, within the call. This is sound even while Redis is away: the
  /// member gets newer messages as the live members do, with holes repaired.
  bool has_all_after(const std::optional<Cursor>& since) const {
    return joins_.is_subscribed() && since && live_.has_all_after(*since);
  }

  /// No effect for a member that is outside. A join that still waits is overtaken. A wait for stored numbers
  /// goes on.
  void leave(RoomMember& member);

  /// The member is told what is stored until end_wait(), which must be called before the member is destroyed.
  void await_stored(RoomMember& member) { watchers_.await_stored(member); }
  void end_wait(RoomMember& member) { watchers_.end_wait(member); }

  /// The persister published stored numbers.
  void on_stored(const StoredNumbers& stored);

  /// A live member asks for presence: it gets all names, at once or soon, and then each change, until it
  /// leaves or joins again.
  void watch(RoomMember& member) { watchers_.watch(member); }

  /// Tells the members that watch; gives how many.
  std::size_t on_presence(std::shared_ptr<const Presence> presence);

  /// Whether the members of this worker are reported to the hub, now and after each change.
  void report_attendance(bool is_wanted);

  /// A member has another name now.
  void on_renamed() { is_attendance_due_ = true; }

  /// The member is typing: the others are told, up to a rate limit of the room. Gives whether they are.
  bool tell_typing(const RoomMember& member, std::chrono::steady_clock::time_point now) {
    return watchers_.tell_typing(member, now);
  }

  /// Tells all live members but the one that types.
  void on_typing(const Typing& typing);

  /// The newest known watermark; {0, 0} before any.
  Cursor stored() const { return watchers_.stored(); }

  /// The gateway is subscribed: the joins that wait are read.
  void on_subscribed();

  /// Delivers a message to the live members that have not seen it; gives how many. `is_late`: its number is
  /// below some that the members saw.
  std::size_t publish(const RoomMessage& message, bool is_late = false);

  /// Fails all joins that still wait for the subscription.
  void fail_waiting();

  /// Once a second.
  void sweep();

  bool empty() const { return live_.empty() && paging_ == 0 && joins_.empty(); }
  bool is_subscribed() const { return joins_.is_subscribed(); }
  std::size_t live_members() const { return live_.size(); }

  /// The highest epoch of a message that was published or read; 0 for none (AcceptRequest::floor).
  std::int64_t floor() const { return live_.floor(); }
  void raise_floor(std::int64_t epoch) { live_.raise_floor(epoch); }

 private:
  /// Marks that the room calls its members, which must not join or leave then (RoomMember).
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
