// Cuts a page to what a client's outbox can take. Pure.
#pragma once

#include <cstddef>
#include <memory>

#include "gateway/bus/room_store.hpp"

namespace chat::gateway {

enum class PageKind {
  after,   // continues from a cursor: keeps the oldest messages and sets `more`
  before,  // goes back from a cursor: keeps the newest and sets `more`
  last,    // a room's last messages: keeps the newest; the client can read older ones by cursor
};

/// How many bytes of messages a page may have if the outbox has `outbox_free_bytes`: half of what is free
/// above a reserve. The reserve is for pages of a single message, which are never cut: a hundred of them fit.
std::size_t page_bytes_for(std::size_t outbox_free_bytes);

/// A page without its messages.
ReadReply without_entries(const ReadReply& page);

/// `page` itself if its messages have at most `bytes`; else a copy with as many as fit, at least one.
std::shared_ptr<const ReadReply> cut_to(std::size_t bytes, PageKind kind,
                                        std::shared_ptr<const ReadReply> page);

}  // namespace chat::gateway
