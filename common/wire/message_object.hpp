// From the message object, as clients and the room's stream have it, back to the record.
#pragma once

#include <optional>
#include <string_view>

#include "common/wire/record.hpp"

namespace chat {

/// The record of a whole message object (PROTOCOL, message), as a stream's entry holds it; none when it is
/// not one. `gateway` goes into the record, since the object does not name it.
std::optional<MessageRecord> record_of_message(std::string_view message, std::string_view gateway);

}  // namespace chat
