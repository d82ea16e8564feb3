// The name of a request, given back in its answer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace chat::gateway {

/// A text in the native protocol, an ack's number in Socket.IO, or none where the client wants no answer to
/// name the request.
class RequestId {
 public:
  RequestId() = default;
  RequestId(std::nullopt_t) {}
  RequestId(const char* text) : value_(std::string(text)) {}
  RequestId(std::string text) : value_(std::move(text)) {}
  explicit RequestId(std::uint64_t number) : value_(number) {}

  /// False for none.
  explicit operator bool() const { return value_.index() != 0; }

  /// Null for none and for a number.
  const std::string* text() const { return std::get_if<std::string>(&value_); }

  /// Null for none and for a text.
  const std::uint64_t* number() const { return std::get_if<std::uint64_t>(&value_); }

  bool operator==(const RequestId&) const = default;

 private:
  std::variant<std::monostate, std::string, std::uint64_t> value_;
};

}  // namespace chat::gateway
