// A record's headers.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace chat::kafka {

/// Name and value, in their order; a name may come twice.
using Headers = std::vector<std::pair<std::string, std::string>>;

}  // namespace chat::kafka
