// Makes one page of what the stream and PostgreSQL have, and decides whether nothing is missing in it. Pure.
#pragma once

#include <cstddef>
#include <optional>

#include "common/wire/cursor.hpp"
#include "gateway/bus/room_store.hpp"
#include "gateway/history/history.hpp"

namespace chat::gateway {

/// What a wait for the persister has proven (DESIGN "What proves that nothing is missing").
struct ProvenStored {
  bool older = false;    // PostgreSQL has all of the epochs that can get no more messages
  bool current = false;  // and all that the current epoch's part of Kafka had
};

/// The cursor in front of which PostgreSQL's rows are needed to go on from `since`, given what the stream
/// has. Under another run all of them, since Redis may have lost later epochs than its newest; the caller
/// asks it again then, for no wait proves anything of an epoch that began after the stream was read.
Cursor rows_wanted_until(Cursor since, const ReadReply& stream);

/// The page after `since`: `stream` with the rows put in, `complete`; none when something may be missing.
/// A number that is missing in an epoch is one of the voids, or else: in an epoch that is closed it never
/// reached Kafka; in the current one it may still be found where somebody writes the voids down.
std::optional<ReadReply> merge_after(Cursor since, ReadReply stream, const HistoryRows& rows,
                                     ProvenStored proven);

/// The same for the last `limit` messages in front of `before`; `more` says that there are older ones. Once
/// everything is stored, a hole stays one.
std::optional<ReadReply> merge_before(Cursor before, std::size_t limit, ReadReply stream,
                                      const HistoryRows& rows, ProvenStored proven);

/// Whether the stream's own answer for `before` needs nothing from PostgreSQL.
bool is_enough_before(Cursor before, std::size_t limit, const ReadReply& stream);

/// Puts those rows in front of a join's last messages that follow one another up to them.
void prepend_older(ReadReply& reply, const HistoryRows& rows, std::size_t limit);

}  // namespace chat::gateway
