// The room of a message or client that names none.
#pragma once

#include <string_view>

namespace chat {

inline constexpr std::string_view default_room = "general";

}  // namespace chat
