// The numbers that gateways have not been told yet, and those that the rooms' watermarks still need.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/wire/cursor.hpp"
#include "common/wire/stored_numbers.hpp"
#include "persister/interfaces/receipts.hpp"
#include "persister/receipts/range_set.hpp"

namespace chat::persister {

/// Beyond any of these bounds the oldest numbers are dropped. The hole finder then moves the watermark, and
/// gateways with waiting senders ask PostgreSQL themselves.
struct ReceiptBounds {
  std::size_t ranges_per_room = 128;
  std::size_t ranges = 500'000;
  std::size_t rooms = 50'000;
};

/// Pure. A room has one call at a time; numbers that come meanwhile go with the next one.
class PendingReceipts {
 public:
  explicit PendingReceipts(ReceiptBounds bounds = {}) : bounds_(bounds) {}

  void add(const ResolvedNumbers& numbers);

  /// What one call publishes of one room.
  struct Call {
    std::uint64_t id = 0;
    std::string room;
    std::vector<NumberRange> resolved;  // all that is known above the watermark, void numbers included
    std::vector<NumberRange> stored;    // to be published
  };

  /// The room that has waited longest; none when all rooms are told or in a call. answered() or unanswered()
  /// ends the call.
  std::optional<Call> next();

  /// The call was carried out; the room's watermark is known now.
  void answered(const Call& call, Cursor watermark);

  /// Whether the call was carried out is not known: after retry() all of it is told again.
  void unanswered(const Call& call);
  void retry();

  /// Forgets the rooms of these partitions. Calls that are under way are carried out.
  void forget(std::span<const std::int32_t> partitions);

  /// Rooms of which something is not told, or not known to be.
  std::size_t waiting() const { return waiting_; }

  /// All rooms of which something is known, such as one that waits for a number in the middle.
  std::size_t rooms() const { return rooms_.size(); }

  /// Entries of the queue and of those that wait for retry(): one a room at most.
  std::size_t in_line() const { return queue_.size() + failed_.size(); }

 private:
  enum class State { idle, queued, called, failed };

  struct Room;
  using Entry = std::pair<const std::string, Room>;
  using Rooms = std::unordered_map<std::string, Room>;
  using Line = std::list<Entry*>;  // a map leaves its entries where they are in memory

  struct Room {
    std::int32_t partition = 0;
    std::uint64_t id = 0;  // differs from that of a later room with the same name
    State state = State::idle;
    bool has_news = false;  // since the call began
    RangeSet resolved;
    RangeSet stored;
    Line::iterator age;
    Line::iterator in_line;  // while it is queued or failed
  };

  Rooms::iterator find(const Call& call);
  Rooms::iterator find_or_make(const ResolvedNumbers& numbers);
  void enter(Room& room, State state);
  void queue(Entry& entry);
  Rooms::iterator erase(Rooms::iterator found);
  template <class Change>
  void change(Room& room, Change change);
  void keep_bounds();
  void expect_counts() const;

  ReceiptBounds bounds_;
  Rooms rooms_;
  Line ages_;    // all rooms, the one that was left alone longest first
  Line queue_;   // those that are queued, the one that waits longest first
  Line failed_;  // those that wait for retry()
  std::size_t ranges_ = 0;
  std::size_t waiting_ = 0;
  std::uint64_t last_id_ = 0;
};

}  // namespace chat::persister
