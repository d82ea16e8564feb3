// redis:// and rediss:// URLs taken apart.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.hpp"

namespace chat::config {

inline constexpr std::int64_t max_redis_database = 1'000'000;

/// Whether rediss:// works in this build: hiredis 1.1 or later is needed.
extern const bool has_redis_tls;

struct RedisUrl {
  bool tls = false;
  std::string host;  // without the brackets of an IPv6 address
  std::int64_t port = 6379;
  std::string username;
  std::string password;
  std::int64_t database = 0;
};

/// Reads one redis://[user][:password]@host[:port][/db], or rediss:// for TLS, with percent-encoding in user
/// and password. The error is the rest of a sentence that begins with the setting's name, and never shows the
/// URL. Several URLs are an error of their own.
Result<RedisUrl> parse_redis_url(std::string_view text);

}  // namespace chat::config
