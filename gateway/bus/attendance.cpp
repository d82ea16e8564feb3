#include "gateway/bus/attendance.hpp"

#include <algorithm>

namespace chat::gateway {

void Attendance::add(const Attendance& other) {
  const bool named = has_names() && other.has_names() && members + other.members <= max_present_names;
  members += other.members;
  if (!named) return names.clear();
  const auto middle = names.insert(names.end(), other.names.begin(), other.names.end());
  std::inplace_merge(names.begin(), middle, names.end());
}

}  // namespace chat::gateway
