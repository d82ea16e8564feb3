// Merges the stream and PostgreSQL into one page, and decides whether the page is proven complete. Pure.
#pragma once

#include <cstddef>
#include <optional>

#include "common/wire/cursor.hpp"
#include "gateway/bus/room_store.hpp"
#include "gateway/history/history.hpp"

namespace chat::gateway {

/// What a wait for the persister has proven (ARCHITECTURE.md, "What proves that nothing is missing").
struct ProvenStored {
  bool older = false;    // PostgreSQL has everything of the epochs that can get no more messages
  bool current = false;  // PostgreSQL also has what Kafka had of the current epoch
};

/// The cursor before which PostgreSQL's rows are needed to go on from `since`, given what the stream has. If
/// Redis was restarted, all rows are needed, since it may have lost later epochs than its newest. The caller
/// then asks Redis again, because no wait proves anything about an epoch that began after the stream was
/// read.
Cursor rows_wanted_until(Cursor since, const ReadReply& stream);

/// Whether messages after `since` were deleted. The caller then reads from the floor on instead.
bool is_below_floor(Cursor since, const HistoryRows& rows);

/// The page after `since`: `stream` merged with the rows, `complete`. None if something may be missing, or
/// was deleted.
/// A number that is missing is a void number, or it is of a closed epoch and never reached Kafka. In the
/// current epoch a missing number may still be found, if the persister records void numbers.
std::optional<ReadReply> merge_after(Cursor since, ReadReply stream, const HistoryRows& rows,
                                     ProvenStored proven);

/// The same for the last `limit` messages before `before`; `more` says that there are older ones. Once
/// everything is stored, a hole is final. A page that reaches the room's floor is not `complete`, and has
/// `pruned_to`.
std::optional<ReadReply> merge_before(Cursor before, std::size_t limit, ReadReply stream,
                                      const HistoryRows& rows, ProvenStored proven);

/// Whether the stream's answer to `before` needs nothing from PostgreSQL.
bool is_enough_before(Cursor before, std::size_t limit, const ReadReply& stream);

/// Puts rows in front of a join's last messages, as far back as their numbers are consecutive. `pruned_to` is
/// set if more were wanted than the floor left.
void prepend_older(ReadReply& reply, const HistoryRows& rows, std::size_t limit);

}  // namespace chat::gateway
