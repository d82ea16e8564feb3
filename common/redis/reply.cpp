#include "common/redis/reply.hpp"

#include <hiredis/hiredis.h>

namespace chat::redis {

Reply::Type Reply::type() const {
  if (reply_ == nullptr) return Type::none;
  switch (reply_->type) {
    case REDIS_REPLY_STATUS:
      return Type::status;
    case REDIS_REPLY_STRING:
      return Type::string;
    case REDIS_REPLY_INTEGER:
      return Type::integer;
    case REDIS_REPLY_ARRAY:
      return Type::array;
    case REDIS_REPLY_ERROR:
      return Type::error;
    default:
      return Type::nil;
  }
}

std::string_view Reply::text() const {
  const Type kind = type();
  if (kind != Type::status && kind != Type::string && kind != Type::error) return {};
  return {reply_->str, reply_->len};
}

std::int64_t Reply::integer() const {
  return type() == Type::integer ? reply_->integer : 0;
}

std::size_t Reply::size() const {
  return type() == Type::array ? reply_->elements : 0;
}

Reply Reply::at(std::size_t index) const {
  return index < size() ? Reply(reply_->element[index]) : Reply();
}

std::string_view Reply::error_code() const {
  if (!is_error()) return {};
  const std::string_view whole = text();
  return whole.substr(0, whole.find(' '));
}

}  // namespace chat::redis
