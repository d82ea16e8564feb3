// The table of metrics for the documentation.
#pragma once

#include <string>
#include <string_view>

namespace chat {

/// Pure. Rows of a Markdown table (name, type, labels, help), sorted by name, of what /metrics answers.
std::string metrics_table(std::string_view text);

}  // namespace chat
