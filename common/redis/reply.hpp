// A view of one answer of Redis, so that no other code sees hiredis.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

struct redisReply;

namespace chat::redis {

/// Non-owning; valid during the call that it is given to. A default reply stands for an answer that never
/// came: whether the command was carried out is unknown. A function of another type than the reply's gives an
/// empty value, so that the caller's own checks refuse an unexpected answer and nothing crashes.
class Reply {
 public:
  enum class Type { none, status, string, integer, nil, array, error };

  Reply() = default;
  explicit Reply(const redisReply* reply) : reply_(reply) {}

  Type type() const;
  bool is_none() const { return reply_ == nullptr; }
  bool is_error() const { return type() == Type::error; }

  /// Of a status, string or error; else empty. Binary-safe.
  std::string_view text() const;

  /// Of an integer; else 0.
  std::int64_t integer() const;

  /// Elements of an array; else 0.
  std::size_t size() const;

  /// An element of an array; none when there is no such.
  Reply at(std::size_t index) const;

  /// The first word of an error ("READONLY"); else empty.
  std::string_view error_code() const;

 private:
  const redisReply* reply_ = nullptr;
};

}  // namespace chat::redis
