// The Lua script that runs in Redis, as it stands in stored.lua.
#pragma once

#include <string_view>

namespace chat::persister {

extern const std::string_view stored_script;

}  // namespace chat::persister
