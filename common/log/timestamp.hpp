// Times as text.
#pragma once

#include <chrono>
#include <string>

namespace chat::log {

/// RFC 3339 in UTC with milliseconds, as in every line of the log.
std::string timestamp(std::chrono::system_clock::time_point time);

}  // namespace chat::log
