// What POST /admin/shed asks for, and how many clients each worker gives up for it. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"

namespace chat::gateway {

struct ShedRequest {
  int percent = 0;
  std::chrono::milliseconds span{0};
};

/// `query` is `percent=N`, perhaps with `seconds=S`; without it the span is `default_span`.
Result<ShedRequest> parse_shed_request(std::string_view query, std::chrono::milliseconds default_span);

/// How many of each worker's clients to move so that together they are `percent` of all, rounded to the
/// nearest whole number, and none gives up more than it has.
std::vector<std::size_t> shares_of(const std::vector<std::size_t>& clients, int percent);

}  // namespace chat::gateway
