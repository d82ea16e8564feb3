// The message object: made by the accepting gateway and the script, passed on unchanged to every client.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/wire/cursor.hpp"
#include "common/wire/uuid.hpp"
#include "gateway/bus/room_store.hpp"

namespace chat::gateway {

/// {"type":"message","room":"R","epoch":E,"seq":S,"id":"…","sender":"…","sender_name":"…","text":"…","sent_at":T}:
/// the script puts E and S between `head` (up to and with `"epoch":`) and `tail` (from `"id":` on), so that
/// one text is the publication, the stream's entry and the payload of the clients' frame.
struct MessageParts {
  std::string head;
  std::string tail;
};

MessageParts make_message_parts(const AcceptRequest& request);

/// The whole object for a known number, byte for byte as the script makes it.
std::string make_message(const AcceptRequest& request, Cursor cursor);

/// What the fan-out needs of a message object, read from its fixed layout without a JSON parser.
struct PublicationHead {
  Cursor cursor;
  Uuid id;
};

/// None when the text does not begin as above for this room.
std::optional<PublicationHead> parse_publication(std::string_view room, std::string_view message);

}  // namespace chat::gateway
