// Cuts a page to what a client's outbox can take. Pure.
#pragma once

#include <cstddef>
#include <memory>

#include "gateway/bus/room_store.hpp"

namespace chat::gateway {

enum class PageKind {
  after,   // goes on from a cursor: the oldest messages stay, `more` is set
  before,  // goes back from a cursor: the newest stay, `more` is set
  last,    // a room's last messages: the newest stay; what is older can be asked for by its cursor
};

/// How many bytes of messages a page may have where the outbox takes `outbox_free_bytes` more: half of what
/// is free above a reserve, since a page has one message at least, and a hundred of those fit into that.
std::size_t page_bytes_for(std::size_t outbox_free_bytes);

/// All of a page but its messages.
ReadReply without_entries(const ReadReply& page);

/// `page` itself when its messages are at most `bytes` long; else a copy with as many as fit, at least one.
std::shared_ptr<const ReadReply> cut_to(std::size_t bytes, PageKind kind,
                                        std::shared_ptr<const ReadReply> page);

}  // namespace chat::gateway
