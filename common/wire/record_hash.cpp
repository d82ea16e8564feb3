#include "common/wire/record_hash.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace chat {

std::int64_t record_hash(std::string_view key, std::string_view value, std::int64_t timestamp) {
  const auto of_key = XXH3_64bits_withSeed(key.data(), key.size(), static_cast<XXH64_hash_t>(timestamp));
  const auto hash = static_cast<std::int64_t>(XXH3_64bits_withSeed(value.data(), value.size(), of_key));
  return hash == unknown_record ? 1 : hash;
}

}  // namespace chat
