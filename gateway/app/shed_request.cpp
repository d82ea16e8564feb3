#include "gateway/app/shed_request.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

#include "gateway/http/query.hpp"

namespace chat::gateway {
namespace {

constexpr int max_seconds = 3600;

std::optional<int> parse_whole_number(const std::string& text) {
  int number = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  return parsed.ec == std::errc{} && parsed.ptr == end ? std::optional(number) : std::nullopt;
}

}  // namespace

Result<ShedRequest> parse_shed_request(std::string_view query, std::chrono::milliseconds default_span) {
  const std::string target = "?" + std::string(query);
  const auto percent = parse_whole_number(http::query_parameter(target, "percent"));
  if (!percent || *percent < 1 || *percent > 100)
    return Error{"percent must be a whole number from 1 to 100, as in /admin/shed?percent=25"};
  ShedRequest request{*percent, default_span};
  const std::string seconds = http::query_parameter(target, "seconds");
  if (seconds.empty()) return request;
  const auto span = parse_whole_number(seconds);
  if (!span || *span < 0 || *span > max_seconds)
    return Error{"seconds must be a whole number from 0 to " + std::to_string(max_seconds)};
  request.span = std::chrono::seconds(*span);
  return request;
}

std::vector<std::size_t> shares_of(const std::vector<std::size_t>& clients, int percent) {
  const auto part = static_cast<std::size_t>(percent);
  const auto rounded = [part](std::size_t count) { return (count * part + 50) / 100; };
  // The differences of a rounded running sum add up to the rounded whole.
  std::vector<std::size_t> shares;
  std::size_t sum = 0;
  for (const std::size_t count : clients) {
    const std::size_t before = rounded(sum);
    sum += count;
    shares.push_back(std::min(count, rounded(sum) - before));
  }
  return shares;
}

}  // namespace chat::gateway
