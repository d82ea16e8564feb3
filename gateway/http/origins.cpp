#include "gateway/http/origins.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include <boost/asio/ip/address_v6.hpp>

#include "common/http/list_headers.hpp"

namespace chat::gateway::http {
namespace {

constexpr std::string_view preflight_seconds = "600";

constexpr std::array<std::pair<std::string_view, std::string_view>, 4> default_ports{
    {{"http", "80"}, {"https", "443"}, {"ws", "80"}, {"wss", "443"}}};

bool is_alpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string lower(std::string_view text) {
  std::string small(text);
  for (char& c : small)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return small;
}

/// RFC 3986 section 3.1.
bool is_scheme(std::string_view text) {
  return !text.empty() && is_alpha(text.front()) && std::ranges::all_of(text, [](char c) {
    return is_alpha(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
  });
}

/// A name or an IPv4 address, as browsers write it: international names in their ASCII form.
bool is_name(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return is_alpha(c) || is_digit(c) || c == '.' || c == '-' || c == '_' || c == '~';
  });
}

/// The port without leading zeros; none for a text that is no port.
std::optional<std::string> canonical_port(std::string_view text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port == 0 || port > 65535)
    return std::nullopt;
  return std::to_string(port);
}

std::optional<std::string> canonical_host(std::string_view text) {
  if (!text.starts_with('[')) return is_name(text) ? std::optional(lower(text)) : std::nullopt;
  if (!text.ends_with(']')) return std::nullopt;
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address_v6(std::string(text.substr(1, text.size() - 2)), error);
  if (error || address.scope_id() != 0) return std::nullopt;
  return "[" + address.to_string() + "]";
}

/// Text of a client must not end one of our header lines.
bool is_header_value(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return c >= 0x20 && c != 0x7F; });
}

}  // namespace

Result<std::string> canonical_origin(std::string_view text) {
  if (text == "null") return {boost::system::in_place_value, text};
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos || !is_scheme(text.substr(0, colon)))
    return Error{"it does not begin with a scheme like https://"};
  std::string origin = lower(text.substr(0, colon));
  const std::string_view rest = text.substr(colon + 3);
  if (rest.find('*') != std::string_view::npos) return Error{"* stands for all origins, and only alone"};
  if (rest.find_first_of("/?#") != std::string_view::npos)
    return Error{"it has a path; an origin ends behind the host or its port, without a slash"};
  const std::size_t behind_host = rest.starts_with('[') ? rest.find(']') : 0;
  const std::size_t port_colon = std::min(rest.find(':', behind_host), rest.size());
  const auto host = canonical_host(rest.substr(0, port_colon));
  if (!host) return Error{"its host is not one; international names are written in their ASCII form, xn--"};
  // Pages in files have no host. Some embedded browsers send that instead of null.
  if (host->empty() && (origin != "file" || port_colon != rest.size())) return Error{"it has no host"};
  std::optional<std::string> port;
  if (port_colon != rest.size()) {
    port = canonical_port(rest.substr(port_colon + 1));
    if (!port) return Error{"its port is not a number from 1 to 65535"};
    const std::pair<std::string_view, std::string_view> own{origin, *port};
    if (std::ranges::find(default_ports, own) != default_ports.end()) port.reset();
  }
  origin.append("://").append(*host);
  if (port) origin.append(":").append(*port);
  return {boost::system::in_place_value, std::move(origin)};
}

Result<Origins> Origins::parse(std::string_view list) {
  Origins made;
  for (const std::string_view element : list_elements(list)) {
    if (element == "*") {
      made.all_ = true;
      continue;
    }
    auto origin = canonical_origin(element);
    if (!origin) return Error{"\"" + std::string(element) + "\": " + origin.error().message};
    made.origins_.push_back(*std::move(origin));
  }
  return made;
}

std::string_view Origins::page() const {
  const auto found = std::ranges::find_if(origins_, [](const std::string& origin) {
    return origin.starts_with("http://") || origin.starts_with("https://");
  });
  return found == origins_.end() ? std::string_view() : std::string_view(*found);
}

bool Origins::allow(std::string_view origin, std::string_view host) const {
  if (all_) return true;
  const auto canonical = canonical_origin(origin);
  if (!canonical) return false;
  // Behind a balancer the gateway does not know whether its own pages come over TLS.
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!canonical->starts_with(scheme)) continue;
    const auto own = canonical_origin(std::string(scheme).append(host));
    if (own && *own == *canonical) return true;
  }
  return std::ranges::find(origins_, *canonical) != origins_.end();
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
