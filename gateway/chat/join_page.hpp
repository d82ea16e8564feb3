// What of a read's page a joiner is given. Pure.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "common/wire/cursor.hpp"
#include "gateway/bus/room_store.hpp"
#include "gateway/chat/held_messages.hpp"

namespace chat::gateway {

/// Whether a read from `oldest` on is likely to show what comes after `since` too.
bool covers(const std::optional<Cursor>& oldest, const std::optional<Cursor>& since);

/// Whether the page proves what follows `since`.
bool is_part_of(Cursor since, const ReadReply& page);

/// Whether no message lies between `seen` and the page's first one.
bool goes_on_from(Cursor seen, const ReadReply& page);

/// The part of the page after `since`.
std::shared_ptr<const ReadReply> part_after(Cursor since, const ReadReply& page);

/// The same page, which does not prove that nothing is missing.
std::shared_ptr<const ReadReply> without_proof(const ReadReply& page);

/// The page, which has messages, with `more`: its joiner reads on from the last of them.
std::shared_ptr<const ReadReply> with_more(const ReadReply& page);

/// An empty page with the held messages behind its newest number, of which there are some, as far as they fit
/// into `bytes`, at least one, and `more`.
std::shared_ptr<const ReadReply> with_held(const ReadReply& page, const HeldMessages& held,
                                           std::size_t bytes);

}  // namespace chat::gateway
