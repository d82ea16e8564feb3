// Base64 of RFC 4648 section 4. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace chat::gateway::engineio {

std::string encode_base64(std::string_view bytes);

/// None for a character outside the alphabet or a wrong length. The padding may be missing.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace chat::gateway::engineio
