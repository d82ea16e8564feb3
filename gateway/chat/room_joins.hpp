// The joins of one room: which of them are read, which share another's read, and what is held meanwhile.
// Pure.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "common/wire/cursor.hpp"
#include "gateway/bus/room_store.hpp"
#include "gateway/chat/commands.hpp"
#include "gateway/chat/events.hpp"
#include "gateway/chat/held_messages.hpp"
#include "gateway/chat/room_member.hpp"

namespace chat::gateway {

/// Equal joins share one read, and so do joins with cursors close together: each gets its part of the oldest
/// one's page. Messages that are published during a read are held within bounds (HeldMessages). If they are
/// no longer held, the joiner gets its page with `more` and reads on. Each member has one joiner at most.
///
/// Inputs are joins, replies and messages; a Step says what the room does next. Members are not called; only
/// their outlets are asked how large a page they take.
class RoomJoins {
 public:
  struct Joiner {
    RoomMember* member = nullptr;
    RequestId id;
    std::optional<Cursor> since;
    std::optional<Cursor> seen{};       // if the member was live before: it has everything up to here
    bool is_unproven = false;           // its answer must not be called complete
    std::optional<Cursor> pruned_to{};  // the same, and messages up to here were deleted
  };

  /// One read for all its joiners, whose cursors are not below its own.
  struct Read {
    std::optional<Cursor> since;
    std::size_t history = 0;
    std::vector<Joiner> joiners;
    bool is_under_way = false;
    HeldMessages::Position held_from = 0;  // while it is under way
  };
  using ReadRef = std::shared_ptr<Read>;

  struct Answer {
    RoomMember* member;
    RequestId id;
    std::shared_ptr<const ReadReply> page;
  };

  struct Step {
    std::vector<ReadRef> reads;   // begin now; on_page() or fail() takes each reply
    std::vector<Answer> answers;  // the held messages follow a page without `more`
    std::vector<Joiner> failed;
  };

  /// As HeldMessages.
  explicit RoomJoins(HeldBytes& worker) : held_(worker) {}

  /// Reads begin once the room is subscribed: what is published after a read would otherwise be missed.
  Step on_subscribed();
  bool is_subscribed() const { return is_subscribed_; }

  Step add(Joiner joiner, std::size_t history);

  /// Answers a joiner for which no read is needed.
  Step answer(Joiner joiner, std::shared_ptr<const ReadReply> page);

  /// Removes the member's joiner, which must exist.
  Joiner take(const RoomMember& member);

  /// Joiner::seen of a member that joins.
  std::optional<Cursor> seen_by(const RoomMember& member) const;

  /// The reply to a read. Messages stay held for it until end(), so that the answers can be given first.
  Step on_page(const ReadRef& read, const std::shared_ptr<const ReadReply>& page);
  void end(const ReadRef& read) { held_.end_read(read->held_from); }

  /// The store did not answer. Joiners with a newer cursor than the read's are read again: PostgreSQL may be
  /// away while the stream has everything for them.
  Step fail(const ReadRef& read);

  /// The subscription did not come: the joins that wait for it fail.
  Step fail_waiting();

  /// A message was published. Costs one branch while no read is under way.
  void push(const RoomMessage& message) { held_.push(message); }
  const HeldMessages& held() const { return held_; }

  /// Whether no member waits for an answer.
  bool empty() const;

 private:
  enum class Sharing { equal, close };

  void assign(Joiner joiner, std::size_t history, Sharing sharing, Step& step);
  bool serves(const Read& read, const Joiner& joiner, std::size_t history, Sharing sharing) const;
  void begin(const ReadRef& read, Step& step);
  void decide(Joiner joiner, std::shared_ptr<const ReadReply> page, bool has_all_held, Step& step);
  void read_from(Joiner joiner, Cursor since, Step& step);
  void decide_parts(const Read& read, std::vector<Joiner> joiners, const ReadReply& page, Step& step);
  void fail(const ReadRef& read, Step& step);

  bool is_subscribed_ = false;
  std::vector<ReadRef> reads_;
  HeldMessages held_;
};

}  // namespace chat::gateway
