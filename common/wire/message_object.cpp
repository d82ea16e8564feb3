#include "common/wire/message_object.hpp"

#include <utility>

#include <nlohmann/json.hpp>

namespace chat {

std::optional<MessageRecord> record_of_message(std::string_view message, std::string_view gateway) {
  using nlohmann::json;
  json object = json::parse(message, nullptr, false);
  if (!object.is_object() || object.value("type", json()) != "message") return std::nullopt;
  object["v"] = 1;
  object["gateway"] = gateway;
  // The record's own reader has all the checks; duplicates are rare enough to encode once more for that.
  auto record = decode_record(object.dump(-1, ' ', false, json::error_handler_t::replace));
  return record ? std::optional(std::move(*record)) : std::nullopt;
}

}  // namespace chat
