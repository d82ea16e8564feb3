// Parts of a request's target. Pure.
#pragma once

#include <string>
#include <string_view>

namespace chat::gateway::http {

/// The target without scheme and host, which clients of a proxy write and every server has to take (RFC 9112
/// section 3.2.2).
std::string_view origin_form(std::string_view target);

/// What stands before the query.
std::string_view path_of(std::string_view target);

/// The first value of a query's parameter, decoded (%7E: some clients encode more than they have to); empty
/// where it is missing.
std::string query_parameter(std::string_view target, std::string_view name);

}  // namespace chat::gateway::http
