// Percent-encoding of URLs.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace chat::config {

/// None where a % is not followed by two hexadecimal digits, or where they are those of NUL.
std::optional<std::string> percent_decoded(std::string_view text);

}  // namespace chat::config
