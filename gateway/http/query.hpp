// Parts of a request's target. Pure.
#pragma once

#include <string_view>

namespace chat::gateway::http {

/// What stands before the query.
std::string_view path_of(std::string_view target);

/// The first value of a query's parameter as it stands there; empty where it is missing.
std::string_view query_parameter(std::string_view target, std::string_view name);

}  // namespace chat::gateway::http
