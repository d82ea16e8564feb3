// The gateway's view of a room's rows in PostgreSQL.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "common/wire/cursor.hpp"
#include "common/wire/stored_numbers.hpp"
#include "common/wire/uuid.hpp"
#include "gateway/bus/page_limits.hpp"
#include "gateway/bus/read_cause.hpp"
#include "gateway/bus/room_store.hpp"

namespace chat::gateway {

/// A gap is one range, however long it is, and a page has fewer gaps than entries.
inline constexpr std::size_t max_void_ranges = 20'000;

/// Rows of a room between two cursors, oldest first. Each row is the message object that was published.
struct HistoryRows {
  bool available = false;  // false: PostgreSQL is away or overloaded; the other members mean nothing then
  std::vector<RoomEntry> entries;
  bool more = false;  // read_after: more rows follow the last; read_before: more precede the first
  /// The numbers in the range that no message has, in order; no two ranges touch. For read_after with `more`
  /// they end at the last entry. At most max_void_ranges, the lowest ones: a gap behind those is not proven
  /// until the hole finder has stored or given up the numbers between them.
  std::vector<NumberRange> voids;
  bool knows_voids = false;  // the persister records void numbers: another gap will still be filled
  /// The room's messages up to and with this number were deleted (chat-persister prune); there are none among
  /// the entries. Of the same snapshot as the rows: else a page could lack rows and know of no floor.
  std::optional<Cursor> floor{};
};

/// The key of a message's row.
struct MessageKey {
  std::string room;
  Uuid id;
  Cursor number{};
};

/// Runs a call on the thread that asked. Called from any thread; must not block.
using Post = std::function<void(std::function<void()>)>;

/// Any thread. A handler runs exactly once, through `post`; never if this object is destroyed first.
class History {
 public:
  virtual ~History() = default;

  /// The rows after `after` and before `until`, up to a page. `cause` is counted.
  virtual void read_after(ReadCause cause, std::string room, Cursor after, Cursor until, Post post,
                          std::function<void(HistoryRows)> handler) = 0;

  /// The last `limit` rows before `before`, up to a page.
  virtual void read_before(ReadCause cause, std::string room, Cursor before, std::size_t limit, Post post,
                           std::function<void(HistoryRows)> handler) = 0;

  /// Which of the messages are rows, whatever their number, or were rows until they were deleted. Gives their
  /// indexes in `asked`, rising; none while PostgreSQL is away.
  virtual void find_stored(std::vector<MessageKey> asked, Post post,
                           std::function<void(std::vector<std::size_t>)> handler) = 0;

  /// True once PostgreSQL has everything that the room's Kafka partition had 1 s after the call
  /// (ARCHITECTURE.md, "What proves that nothing is missing"). False if that is not so, or cannot be known,
  /// within 10 s.
  virtual void wait_until_stored(std::string room, Post post, std::function<void(bool)> handler) = 0;
};

}  // namespace chat::gateway
