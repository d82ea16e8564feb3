// Which pages of other origins may read the gateway's answers (Fetch standard, CORS protocol). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"
#include "gateway/http/server.hpp"

namespace chat::gateway::http {

/// An origin as browsers write it (RFC 6454 section 6.2): scheme and host in small letters, no default port,
/// an IPv6 address in its shortest form; "null" as it is. Any scheme is allowed: pages of apps have
/// "capacitor://localhost" and the like. The error says what is wrong with the text.
Result<std::string> canonical_origin(std::string_view text);

/// The pages of the gateway's own origin are always allowed.
class Origins {
 public:
  Origins() = default;

  /// Reads a comma-separated list: origins ("https://chat.example.com", "capacitor://localhost"), "null" for
  /// pages without an origin of their own (sandboxed frames, files), or "*" for all. The error names the
  /// entry that is no origin.
  static Result<Origins> parse(std::string_view list);

  /// `host` is the request's Host header.
  bool allow(std::string_view origin, std::string_view host) const;

  /// The first origin of the list that a browser can open (http, https); empty if there is none.
  std::string_view page() const;

 private:
  std::vector<std::string> origins_;  // canonical
  bool all_ = false;
};

/// The header lines that let the page read an answer; only Vary for a page that may not. Empty for a request
/// without an origin, which does not come from a page.
std::string cors_headers(const Origins& origins, const RequestHead& request);

/// The answer to a preflight (an OPTIONS request). `methods` are comma-separated.
Answer preflight(const Origins& origins, const RequestHead& request, std::string_view methods);

}  // namespace chat::gateway::http
