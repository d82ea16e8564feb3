// What PostgreSQL holds of a room, as the gateway asks for it.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "common/wire/cursor.hpp"
#include "common/wire/stored_numbers.hpp"
#include "common/wire/uuid.hpp"
#include "gateway/bus/page_limits.hpp"
#include "gateway/bus/room_store.hpp"

namespace chat::gateway {

/// A gap is one range however long it is, and a page has fewer gaps than entries.
inline constexpr std::size_t max_void_ranges = 20'000;

/// Rows of a room between two cursors, oldest first, each as the message object that was published.
struct HistoryRows {
  bool available = false;  // false: PostgreSQL is away or has too much to do; all else is then meaningless
  std::vector<RoomEntry> entries;
  bool more = false;  // read_after: there are more behind the last; read_before: in front of the first
  /// Numbers in the range that no message has, in order; none touches the next. Of read_after with `more`
  /// only up to the last entry. At most max_void_ranges, the lowest: where there are more, a gap behind those
  /// is not proven, which ends once the hole finder has stored or given up the numbers between them.
  std::vector<NumberRange> voids;
  bool knows_voids = false;  // somebody writes them down: a hole that is not among them will still be filled
};

/// What PostgreSQL keeps a message under.
struct MessageKey {
  std::string room;
  Uuid id;
};

/// Hands a call over to the thread that asked. Called from any thread; must not block.
using Post = std::function<void(std::function<void()>)>;

/// All calls from any thread. A handler runs exactly once, through `post`, and not when the object is
/// destroyed first.
class History {
 public:
  virtual ~History() = default;

  /// The rows after `after` and before `until`, up to a page.
  virtual void read_after(std::string room, Cursor after, Cursor until, Post post,
                          std::function<void(HistoryRows)> handler) = 0;

  /// The last `limit` rows before `before`, up to a page.
  virtual void read_before(std::string room, Cursor before, std::size_t limit, Post post,
                           std::function<void(HistoryRows)> handler) = 0;

  /// Which of the messages are rows, whatever their number: their indexes in `asked`, rising; none while
  /// PostgreSQL is away.
  virtual void find_stored(std::vector<MessageKey> asked, Post post,
                           std::function<void(std::vector<std::size_t>)> handler) = 0;

  /// True when everything is stored that the room's Kafka partition had 1 s after the call (DESIGN "What
  /// proves that nothing is missing"); false when that is not so, or cannot be known, within 10 s.
  virtual void wait_until_stored(std::string room, Post post, std::function<void(bool)> handler) = 0;
};

}  // namespace chat::gateway
