// Fields of the answer to INFO.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

namespace chat::redis {

/// What a Redis does when its memory is full, by its name for maxmemory-policy.
struct EvictionPolicy {
  std::string name;
};

/// Pure. `info` is lines of name:value that end in CR LF; none when it has no such name.
inline std::optional<std::string> info_field(std::string_view info, std::string_view name) {
  for (std::size_t begin = 0; begin < info.size();) {
    const auto end = std::min(info.find_first_of("\r\n", begin), info.size());
    const std::string_view line = info.substr(begin, end - begin);
    if (line.size() > name.size() && line.starts_with(name) && line[name.size()] == ':')
      return std::string(line.substr(name.size() + 1));
    begin = end + 1;
  }
  return std::nullopt;
}

}  // namespace chat::redis
