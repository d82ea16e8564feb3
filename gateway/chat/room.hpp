// One room on one worker: its members, who is joining, and the order in which they see messages.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/wire/stored_numbers.hpp"
#include "gateway/bus/room_store.hpp"
#include "gateway/chat/events.hpp"
#include "gateway/chat/held_messages.hpp"
#include "gateway/chat/hub_port.hpp"
#include "gateway/chat/member_list.hpp"
#include "gateway/chat/message_ring.hpp"
#include "gateway/chat/rate_window.hpp"
#include "gateway/chat/session_limits.hpp"

namespace chat::gateway {

/// One session's place in one room; owned by the session, on the room's worker. Within a call of the room the
/// member must not join or leave (it may begin or end a wait, and watch). A member that is told that its join
/// failed or was overtaken is outside already, and may end there, but not begin a join either.
class RoomMember {
 public:
  /// `session` tells the members of all gateways apart.
  RoomMember(Outlet& outlet, std::uint64_t session) : outlet_(outlet), session_(session) {}
  virtual ~RoomMember() = default;
  RoomMember(const RoomMember&) = delete;
  RoomMember& operator=(const RoomMember&) = delete;

  /// The answer to a join. The member is live after the call, or waits for the next page's join where `more`
  /// is set.
  virtual void on_joined(const RequestId& id, std::shared_ptr<const ReadReply> page) = 0;

  /// Redis did not answer; the member is out of the room.
  virtual void on_join_failed(const RequestId& id) = 0;

  /// A leave or another join came before the answer: within that call, and first.
  virtual void on_join_overtaken(const RequestId& id) = 0;

  /// Only while it awaits them; the call may end that.
  virtual void on_stored(const StoredNumbers& stored) = 0;

  /// The name that others see.
  virtual const std::string& user() const = 0;

 private:
  friend class Room;
  enum class State { outside, joining, paging, live };

  Outlet& outlet_;
  const std::uint64_t session_;
  State state_ = State::outside;
  std::size_t index_ = 0;
  std::optional<std::size_t> stored_index_;  // while it awaits stored numbers
  std::optional<std::size_t> watch_index_;   // while it is told who is there
  bool knows_presence_ = false;              // it was told once since it began to watch
};

/// Joining: subscribed → read → page → messages after the page that came meanwhile → live. What comes
/// meanwhile is held within bounds (HeldMessages); a joiner for whom it is not held any more gets its page
/// with `more` and reads on. All members see the messages in the order of publish(). Equal joins share one
/// read, and so do joins with cursors that lie close together: each gets its part of the oldest one's page
/// when a thousand clients come back at once. Who comes back within the ring of newest messages is answered
/// from that, without a read.
class Room : public std::enable_shared_from_this<Room> {
 public:
  /// All three outlive the room. `held` is counted by all rooms of the worker.
  Room(std::string name, RoomStore& store, HubPort& hub, HeldBytes& held);

  const std::string& name() const { return name_; }

  /// (Re)starts the member's join: it gets no live message until the answer. Every call is answered once. Any
  /// state is allowed; a join that still waits is overtaken. A member that is live and says no `since` misses
  /// nothing: without a wish for history it stays where it is and is answered within the call; a history that
  /// does not reach the place where it was is not given, but everything after that place.
  void join(RoomMember& member, RequestId id, std::optional<Cursor> since, std::size_t history);

  /// Whether such a join is answered within the call, from the ring. That is sound without Redis too: what
  /// the ring does not have yet comes to the member as it comes to those who stayed, holes repaired.
  bool has_all_after(const std::optional<Cursor>& since) const;

  /// Without effect for a member that is outside; a join that still waits is overtaken. The member goes on to
  /// await stored numbers.
  void leave(RoomMember& member);

  /// The member is told what is stored, until the wait is ended, which it must be before its end.
  void await_stored(RoomMember& member);
  void end_wait(RoomMember& member);

  /// A publication of the persister.
  void on_stored(const StoredNumbers& stored);

  /// A live member wants to know who is there: it is told all that are, at once or soon, and then what
  /// changes, until it leaves or joins anew.
  void watch(RoomMember& member);

  /// To the members that watch; gives how many.
  std::size_t on_presence(std::shared_ptr<const Presence> presence);

  /// Whether the hub wants to know whom this worker has here, now and after each change.
  void count(bool is_wanted);

  /// A member has another name now.
  void on_renamed() { is_count_due_ = true; }

  /// The member types: all others are told, unless there is too much of it in this room. Gives whether they
  /// are.
  bool tell_typing(const RoomMember& member, std::chrono::steady_clock::time_point now);

  /// To all live members but the one that types.
  void on_typing(const Typing& typing);

  /// The newest watermark that this room was told; {0, 0} before any.
  Cursor stored() const { return stored_; }

  /// The gateway's subscription is confirmed: waiting joins are read.
  void on_subscribed();

  /// Hands a message to every live member; gives how many. A late one has a number below some that the
  /// members saw.
  std::size_t publish(const RoomMessage& message, bool is_late = false);

  /// Fails all joins that still wait for the subscription.
  void fail_waiting();

  /// Once a second.
  void sweep();

  bool empty() const;
  bool is_subscribed() const { return subscribed_; }
  std::size_t live_members() const { return members_.size(); }

  /// The highest epoch of which a message was seen or read; 0 for none (AcceptRequest::floor).
  std::int64_t floor() const { return floor_; }
  void raise_floor(std::int64_t epoch) { floor_ = std::max(floor_, epoch); }

 private:
  struct Joiner {
    RoomMember* member;
    RequestId id;
    std::optional<Cursor> since;   // the join's own, or one that its page covers
    std::optional<Cursor> seen{};  // up to there it was live before
    bool is_unproven = false;      // its answer must not be called complete
  };
  struct Join {
    std::optional<Cursor> since;
    std::size_t history = 0;
    bool reading = false;
    HeldMessages::Place place = 0;  // while it is read
    std::vector<Joiner> joiners;
  };
  struct LiveMember {
    Outlet* outlet;
    RoomMember* member;
    Cursor skip_until;
  };

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

  enum class Sharing { equal, close };
  void add(Joiner joiner, std::size_t history, Sharing sharing);
  std::optional<Cursor> place_of(const RoomMember& member) const;
  void answer_in_place(RoomMember& member, const RequestId& id, Cursor place);
  void answer_from_ring(RoomMember& member, RequestId id, Cursor since);
  Joiner take_joiner(const RoomMember& member);
  void answer(Joiner& joiner, std::shared_ptr<const ReadReply> page, bool has_all_held);
  void read_from(Joiner joiner, Cursor place);
  void give(RoomMember& member, const RequestId& id, const std::shared_ptr<const ReadReply>& page);
  void answer_parts(const Join& join, std::vector<Joiner> joiners,
                    const std::shared_ptr<const ReadReply>& page);
  void start_reading(const std::shared_ptr<Join>& join);
  void on_read(const std::shared_ptr<Join>& join, ReadReply reply);
  void fail(const std::shared_ptr<Join>& join);
  void make_live(RoomMember& member, Cursor newest);
  void end_watch(RoomMember& member);
  void tell_presence(RoomMember& member, const Delivery<PresenceEvent>& delivery);
  void tell_owed_presence();
  void tell_count();
  Attendance attendance() const;

  const std::string name_;
  RoomStore& store_;
  HubPort& hub_;
  bool subscribed_ = false;
  std::int64_t floor_ = 0;
  std::vector<LiveMember> members_;
  Cursor highest_skip_;
  Cursor last_published_;
  std::size_t paging_ = 0;
  std::vector<std::shared_ptr<Join>> joins_;
  HeldMessages held_;  // the reads of joins may be older than these
  MessageRing ring_;
  Cursor stored_;
  MemberList<RoomMember, &RoomMember::stored_index_> awaiting_stored_;
  MemberList<RoomMember, &RoomMember::watch_index_> watching_;
  std::shared_ptr<const Presence> presence_;  // the newest, while somebody watches
  bool is_presence_owed_ = false;             // to a member that did not keep up
  bool is_counted_ = false;
  bool is_count_due_ = false;
  bool is_calling_ = false;
  RateWindow typing_{most_typing_a_second};
};

}  // namespace chat::gateway
