// Single halves of surrogate pairs in JSON texts; JavaScript writes them where a string was cut. Pure.
#pragma once

#include <string>
#include <string_view>

namespace chat {

/// The text with U+FFFD for each escaped surrogate that has no other half: such an escape is JSON by its
/// grammar (RFC 8259 section 8.2), but no parser can make UTF-8 of it.
std::string without_lone_surrogates(std::string_view json);

}  // namespace chat
