// The Lua scripts that run in Redis, as they stand in accept.lua, read.lua and epochs.lua.
#pragma once

#include <string_view>

namespace chat::gateway {

extern const std::string_view accept_script;
extern const std::string_view read_script;
extern const std::string_view epochs_script;

}  // namespace chat::gateway
