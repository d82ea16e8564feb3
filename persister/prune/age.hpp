// The age from which messages are deleted, as operators write it.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace chat::persister {

/// A younger message may still be on its way or be sent again: Redis remembers ids for two hours, resumes and
/// the hole finder look at the last minutes, and rows come late after an outage.
inline constexpr std::chrono::hours min_age{24};

/// Pure. "90d" or "36h", a whole number of at most 36,500 days; none for any other text.
std::optional<std::chrono::hours> parse_age(std::string_view text);

}  // namespace chat::persister
