// The Lua script that runs in Redis, as it stands in look.lua.
#pragma once

#include <string_view>

namespace chat::persister {

extern const std::string_view look_script;

}  // namespace chat::persister
