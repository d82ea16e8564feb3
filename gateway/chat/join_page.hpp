// The part of a read's page that a joiner gets. Pure.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "common/wire/cursor.hpp"
#include "gateway/bus/room_store.hpp"
#include "gateway/chat/held_messages.hpp"

namespace chat::gateway {

/// Whether a read from `oldest` on probably shows what follows `since` too.
bool covers(const std::optional<Cursor>& oldest, const std::optional<Cursor>& since);

/// Whether the page proves what follows `since`, except for what was deleted.
bool is_part_of(Cursor since, const ReadReply& page);

/// Whether no message lies between `seen` and the page's first message.
bool goes_on_from(Cursor seen, const ReadReply& page);

/// The part of the page after `since`. It is `complete` for a cursor that is not below the floor.
std::shared_ptr<const ReadReply> part_after(Cursor since, const ReadReply& page);

/// The same page, but not `complete`; with `pruned_to` also that messages before it were deleted.
std::shared_ptr<const ReadReply> without_proof(const ReadReply& page, std::optional<Cursor> pruned_to);

/// The same page with `more`: the joiner reads on from its last message, of which there is one.
std::shared_ptr<const ReadReply> with_more(const ReadReply& page);

/// An empty page filled with the held messages after its newest number, with `more`. There must be one at
/// least. The messages are as many as fit into `bytes`, at least one.
std::shared_ptr<const ReadReply> with_held(const ReadReply& page, const HeldMessages& held,
                                           std::size_t bytes);

}  // namespace chat::gateway
