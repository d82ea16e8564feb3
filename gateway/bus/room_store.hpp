// A worker's view of the rooms in Redis: accept a message, read what a room has.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/wire/cursor.hpp"
#include "common/wire/uuid.hpp"
#include "common/wire/uuid_spelling.hpp"

namespace chat::gateway {

/// A message that asks for its number (ARCHITECTURE.md, The life of a message, step 3). `floor` is the
/// highest epoch that this gateway knows for a message of the room, from Redis or PostgreSQL, never from a
/// client; 0 for none. Below 0: no client can see the room, so that its epochs need no proof (BusTrial).
struct AcceptRequest {
  Uuid id;
  std::string room;
  std::string sender;
  std::string sender_name;
  std::string text;
  std::int64_t sent_at = 0;
  std::int64_t floor = 0;
  UuidSpelling id_spelling{};
};

struct AcceptReply {
  enum class Status {
    accepted,     // numbered, in the stream, remembered and published
    duplicate,    // seen before with this text; `cursor` is the first number
    conflict,     // seen before with another text; nothing was done
    unproven,     // it needs an epoch, and none is proven new yet (epoch_keeper.hpp); nothing was done
    unavailable,  // Redis is away or its answer did not come; the outcome is unknown
  };
  Status status = Status::unavailable;
  Cursor cursor;
  std::string entry;  // duplicate only: the stream's message object (publication.hpp); empty when trimmed
};

/// What a join or a page needs, read atomically. With `since`: everything after it, oldest first; with
/// `before`: the last `history` messages in front of it; else the last `history` messages. Up to a page
/// (page_limits.hpp), at least one message where there is one.
struct ReadRequest {
  std::string room;
  std::optional<Cursor> since;
  std::size_t history = 0;
  std::optional<Cursor> before{};
};

struct RoomEntry {
  Cursor cursor;
  std::string message;  // the message object as clients get it
};

/// Where a page came from: the worker's memory, the room's stream, or that and PostgreSQL's rows.
enum class PageSource { memory, redis, redis_and_postgres };

struct ReadReply {
  bool available = false;  // false: Redis is away; all else is then meaningless
  Cursor newest;           // a room without any: the Redis clock in ms as epoch, seq 0
  Cursor stored;           // the watermark; {0, 0} when nothing was noted
  std::vector<RoomEntry> entries;
  bool more = false;      // there are more after the last entry; with `before`: in front of the first
  bool complete = false;  // the stream proves that nothing between `since` and the first entry is missing
  bool same_run = false;  // Redis did not start again since it gave `newest`: nothing after that can be lost
  /// Redis's own newest number, where its epoch began under the present run; a page's `newest` may come from
  /// PostgreSQL.
  std::optional<Cursor> begun{};
  std::string run;  // of the Redis that answered
  /// Set where the request asked for messages that were deleted: everything up to here. The page has what
  /// follows, and is not `complete` although nothing of that is missing.
  std::optional<Cursor> pruned_to{};
  PageSource source = PageSource::redis;
};

/// Commands on one connection of one worker. All calls and handlers on that worker's thread; every handler
/// runs exactly once, never inside the call; accepts keep their order. While Redis is away handlers run with
/// `unavailable` within 3 s, at once when that is already known; so they do where no new epoch is proven
/// within that time, and `unproven` is never told.
class RoomStore {
 public:
  virtual ~RoomStore() = default;
  virtual void accept(AcceptRequest request, std::function<void(AcceptReply)> handler) = 0;
  virtual void read(ReadRequest request, std::function<void(ReadReply)> handler) = 0;
  virtual bool connected() const = 0;
};

}  // namespace chat::gateway
