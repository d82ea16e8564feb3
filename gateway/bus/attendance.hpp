// The members of a room: on one worker, on one gateway, or on all.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace chat::gateway {

/// Members are named up to this number; beyond it they are only counted (PROTOCOL.md, presence).
inline constexpr std::size_t max_present_names = 200;

struct Attendance {
  std::size_t members = 0;
  /// One for each member, in rising order, so that a name may be there several times; empty where there are
  /// more members than max_present_names.
  std::vector<std::string> names;

  bool has_names() const { return members == names.size(); }
  void add(const Attendance& other);
  friend bool operator==(const Attendance&, const Attendance&) = default;
};

}  // namespace chat::gateway
