// The error codes of the client protocol.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gateway/chat/request_id.hpp"

namespace chat::gateway {

/// PROTOCOL.md, "Error codes". name() gives the names on the wire.
enum class ErrorCode {
  bad_request,
  unknown_type,
  too_large,
  not_joined,
  too_many_rooms,
  unauthorized,
  forbidden,
  rate_limited,
  overloaded,
  unavailable,
  cancelled,
  internal,
};

std::string_view name(ErrorCode code);

/// Why a command was not carried out. `id` is the command's, if it had a usable one.
struct Rejection {
  RequestId id;
  ErrorCode code = ErrorCode::internal;
  std::string message;
  std::optional<int> retry_after_ms;
};

}  // namespace chat::gateway
