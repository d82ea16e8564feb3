// Parts of a request's target. Pure.
#pragma once

#include <string>
#include <string_view>

namespace chat::gateway::http {

/// The target without scheme and host. Clients of a proxy write them, and every server must accept them (RFC
/// 9112 section 3.2.2).
std::string_view origin_form(std::string_view target);

/// The target without its query.
std::string_view path_of(std::string_view target);

/// The first value of a query parameter, percent-decoded; empty if it is missing.
std::string query_parameter(std::string_view target, std::string_view name);

}  // namespace chat::gateway::http
