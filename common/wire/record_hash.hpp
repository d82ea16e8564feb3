// The hash by which a record of the topic is recognised.
#pragma once

#include <cstdint>
#include <string_view>

namespace chat {

/// The hash of a record that is not known.
inline constexpr std::int64_t unknown_record = 0;

/// Pure; the same on every machine and in every release, since it is kept in PostgreSQL. Never
/// unknown_record. `timestamp` is Kafka's, in milliseconds, -1 where the record has none. It guards against
/// mistakes, not against an attacker.
std::int64_t record_hash(std::string_view key, std::string_view value, std::int64_t timestamp);

}  // namespace chat
