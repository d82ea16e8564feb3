// Which libpqxx this program uses.
#pragma once

#include <string>
#include <utility>

namespace chat::postgres {

/// "libpqxx" and its version.
std::pair<std::string, std::string> library();

}  // namespace chat::postgres
