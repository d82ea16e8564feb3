// What gateways tell each other on a room's channel beside its messages: typing and presence.
// Nothing of it is kept in Redis, and nothing has a number.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "gateway/bus/attendance.hpp"

namespace chat::gateway {

/// A member types. `session` is the one that is not told (Session: random, 64 bits).
struct TypingNotice {
  std::uint64_t session = 0;
  std::string user;
};

/// Whom one gateway has in the room.
struct PresenceNotice {
  std::string gateway;
  bool watches = false;  // it has members that want to know, so that the others go on telling
  bool asks = false;     // the others shall tell at once
  Attendance attendance;
};

using Notice = std::variant<TypingNotice, PresenceNotice>;

/// {"type":"typing","room":"R","session":S,"user":"U"}
std::string encode_notice(std::string_view room, const TypingNotice& notice);

/// {"type":"presence","room":"R","gateway":"G","watches":true,"asks":false,"members":N,"names":[…]}
std::string encode_notice(std::string_view room, const PresenceNotice& notice);

/// None when the text is neither for this room.
std::optional<Notice> parse_notice(std::string_view room, std::string_view text);

}  // namespace chat::gateway
