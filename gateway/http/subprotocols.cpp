#include "gateway/http/subprotocols.hpp"

#include <algorithm>

#include "common/http/list_headers.hpp"

namespace chat::gateway::http {
namespace {

/// RFC 9110 section 5.6.2.
bool is_token(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

}  // namespace

std::optional<std::string> choose_subprotocol(std::string_view offered, std::string_view spoken) {
  auto elements = list_elements(offered);
  if (elements.empty()) return std::string{};
  if (!std::ranges::all_of(elements, is_token)) return std::nullopt;
  const std::string_view first = elements.front();
  // Sorted, because a search for each element would take quadratic time. The header's bound keeps the list
  // short.
  std::ranges::sort(elements);
  if (std::ranges::adjacent_find(elements) != elements.end()) return std::nullopt;
  const bool is_spoken_offered = !spoken.empty() && std::ranges::binary_search(elements, spoken);
  return std::string(is_spoken_offered ? spoken : first);
}

}  // namespace chat::gateway::http
