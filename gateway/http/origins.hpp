// Which pages of other origins may read the gateway's answers (Fetch standard, CORS protocol). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/http/server.hpp"

namespace chat::gateway::http {

/// The pages of the gateway's own origin are always allowed.
class Origins {
 public:
  Origins() = default;

  /// Comma-separated origins ("https://chat.example.com", "http://localhost:3000"), or "*" for all. Nothing
  /// where one of them is no origin.
  static std::optional<Origins> parse(std::string_view list);

  /// `host` is the request's Host header.
  bool allow(std::string_view origin, std::string_view host) const;

 private:
  std::vector<std::string> origins_;
  bool all_ = false;
};

/// The header lines that let the page read an answer; only Vary where it may not. Empty for a request without
/// an origin, which no page makes.
std::string cors_headers(const Origins& origins, const RequestHead& request);

/// The answer to a preflight (an OPTIONS request). `methods` are comma-separated.
Answer preflight(const Origins& origins, const RequestHead& request, std::string_view methods);

}  // namespace chat::gateway::http
