// Which librdkafka this program uses.
#pragma once

#include <string>
#include <utility>

namespace chat::kafka {

/// "librdkafka" and its version.
std::pair<std::string, std::string> library();

}  // namespace chat::kafka
