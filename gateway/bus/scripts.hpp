// The Lua scripts that run in Redis, as they stand in accept.lua and read.lua.
#pragma once

#include <string_view>

namespace chat::gateway {

extern const std::string_view accept_script;
extern const std::string_view read_script;

}  // namespace chat::gateway
