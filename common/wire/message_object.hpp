// Turns the message object that clients and the room's stream have back into a record.
#pragma once

#include <optional>
#include <string_view>

#include "common/wire/record.hpp"

namespace chat {

/// The record of a whole message object (PROTOCOL.md, message), as a stream's entry holds it. None when the
/// text is no message object. `gateway` goes into the record, since the object does not name it.
std::optional<MessageRecord> record_of_message(std::string_view message, std::string_view gateway);

}  // namespace chat
