// Which hiredis this program uses.
#pragma once

#include <string>
#include <utility>

namespace chat::redis {

/// "hiredis" and its version.
std::pair<std::string, std::string> library();

}  // namespace chat::redis
