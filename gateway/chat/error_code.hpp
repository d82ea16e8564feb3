// The error codes of the client protocol.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace chat::gateway {

/// PROTOCOL, "Error codes". The wire's names come from name().
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

/// Why a frame was not carried out. `id` is the frame's, where it had a usable one.
struct Rejection {
  std::optional<std::string> id;
  ErrorCode code = ErrorCode::internal;
  std::string message;
  std::optional<int> retry_after_ms;
};

}  // namespace chat::gateway
