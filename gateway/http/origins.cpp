#include "gateway/http/origins.hpp"

#include <algorithm>
#include <cctype>

namespace chat::gateway::http {
namespace {

constexpr std::string_view preflight_seconds = "600";

bool is_same(std::string_view one, std::string_view other) {
  return std::ranges::equal(
      one, other, [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
}

/// RFC 6454 section 6.2: scheme, host, and the port where it is not the scheme's own.
bool is_origin(std::string_view text) {
  const std::size_t scheme = text.starts_with("http://") ? 7 : text.starts_with("https://") ? 8 : 0;
  if (scheme == 0 || text.size() == scheme) return false;
  return std::ranges::all_of(text.substr(scheme), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '-' || c == ':' || c == '[' || c == ']' || c == '_';
  });
}

std::string_view trim(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

/// What comes from a client must not end a header line of ours.
bool is_header_value(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return c >= 0x20 && c != 0x7F; });
}

}  // namespace

std::optional<Origins> Origins::parse(std::string_view list) {
  Origins made;
  for (std::size_t at = 0; at <= list.size();) {
    const std::size_t end = std::min(list.find(',', at), list.size());
    const std::string_view origin = trim(list.substr(at, end - at));
    at = end + 1;
    if (origin.empty()) continue;
    if (origin == "*") {
      made.all_ = true;
    } else if (is_origin(origin)) {
      made.origins_.emplace_back(origin);
    } else {
      return std::nullopt;
    }
  }
  return made;
}

bool Origins::allow(std::string_view origin, std::string_view host) const {
  if (all_) return true;
  const std::size_t scheme = origin.find("://");
  if (scheme != std::string_view::npos && is_same(origin.substr(scheme + 3), host)) return true;
  return std::ranges::any_of(origins_, [&](const std::string& each) { return is_same(each, origin); });
}

std::string cors_headers(const Origins& origins, const RequestHead& request) {
  if (request.origin.empty()) return {};
  std::string headers = "Vary: Origin\r\n";
  if (!is_header_value(request.origin) || !origins.allow(request.origin, request.host)) return headers;
  headers.append("Access-Control-Allow-Origin: ").append(request.origin).append("\r\n");
  return headers.append("Access-Control-Allow-Credentials: true\r\n");
}

Answer preflight(const Origins& origins, const RequestHead& request, std::string_view methods) {
  std::string headers = cors_headers(origins, request);
  headers.append("Access-Control-Allow-Methods: ").append(methods).append("\r\n");
  if (!request.wanted_headers.empty() && is_header_value(request.wanted_headers))
    headers.append("Access-Control-Allow-Headers: ").append(request.wanted_headers).append("\r\n");
  headers.append("Access-Control-Max-Age: ").append(preflight_seconds).append("\r\n");
  return {204, std::move(headers), {}};
}

}  // namespace chat::gateway::http
