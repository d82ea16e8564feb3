// The joins of one room: which are read for, which wait for another's read, and what is held meanwhile. Pure.
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

/// Equal joins share one read, and so do joins with cursors that lie close together: each gets its part of
/// the oldest one's page. Messages that are published during a read are held within bounds (HeldMessages); a
/// joiner for which they are not held any more gets its page with `more` and reads on. One joiner a member.
/// Inputs are joins, replies and messages; a Step is what the room does next. Calls no member, and asks only
/// how large a page its outlet takes.
class RoomJoins {
 public:
  struct Joiner {
    RoomMember* member = nullptr;
    RequestId id;
    std::optional<Cursor> since;   // the join's own, or one that its page covers
    std::optional<Cursor> seen{};  // up to there the member was live before it joined anew
    bool is_unproven = false;      // its answer must not be called complete
  };

  /// One read for all its joiners.
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
    std::vector<ReadRef> reads;   // to be asked of the store; each reply is handed to on_page() or fail()
    std::vector<Answer> answers;  // the messages held after a page without `more` follow it
    std::vector<Joiner> failed;
  };

  /// As HeldMessages.
  explicit RoomJoins(HeldBytes& worker) : held_(worker) {}

  /// A read begins only once the room is subscribed, since what follows it would else be missed.
  Step on_subscribed();
  bool is_subscribed() const { return is_subscribed_; }

  Step add(Joiner joiner, std::size_t history);

  /// The answer to a joiner for which `page` was found without a read.
  Step answer(Joiner joiner, std::shared_ptr<const ReadReply> page);

  /// Takes the member's joiner out; there must be one.
  Joiner take(const RoomMember& member);

  /// Up to where a member that joins was live before.
  std::optional<Cursor> seen_by(const RoomMember& member) const;

  /// The reply of a read. What is held for it stays until end(), so that the answers can be given first.
  Step on_page(const ReadRef& read, const std::shared_ptr<const ReadReply>& page);
  void end(const ReadRef& read) { held_.end_read(read->held_from); }

  /// The store did not answer. Joiners whose own cursor is a newer one are read for anew: what an old cursor
  /// needs may be away while a newer one finds everything in the stream.
  Step fail(const ReadRef& read);

  /// The subscription did not come: the reads that wait for it fail.
  Step fail_waiting();

  /// A message was published. Costs one branch while no read is under way.
  void push(const RoomMessage& message) { held_.push(message); }
  const HeldMessages& held() const { return held_; }

  /// No member waits for an answer.
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
