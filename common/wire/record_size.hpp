// How large a record in Kafka can be.
#pragma once

#include <cstddef>

namespace chat {

/// No record of ours is larger, with its key and what Kafka adds: a text of 4,000 characters that JSON writes
/// in six bytes each, and the longest names.
inline constexpr std::size_t max_record_bytes = 32 * 1024;

}  // namespace chat
