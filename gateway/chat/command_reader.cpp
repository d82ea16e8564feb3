#include "gateway/chat/command_reader.hpp"

#include <cstdint>
#include <utility>

#include <nlohmann/json.hpp>

#include "common/wire/limits.hpp"
#include "common/wire/uuid.hpp"

namespace chat::gateway {
namespace {

using nlohmann::json;

constexpr std::size_t max_history = 100;

std::optional<std::int64_t> cursor_number(const json& cursor, const char* field) {
  const auto found = cursor.find(field);
  if (found == cursor.end() || !found->is_number_unsigned()) return std::nullopt;
  const auto number = found->get<std::uint64_t>();
  if (number > static_cast<std::uint64_t>(max_json_integer)) return std::nullopt;
  return static_cast<std::int64_t>(number);
}

}  // namespace

CommandReader::CommandReader(const json& fields, RequestId request, std::string_view default_room)
    : fields_(fields), request_(std::move(request)), default_room_(default_room) {}

void CommandReader::set_request(RequestId request) {
  request_ = std::move(request);
}

CommandOrRejection CommandReader::hello() {
  return finish(HelloCommand{request_, name()});
}

CommandOrRejection CommandReader::join() {
  return finish(JoinCommand{request_, room(), since(), page_size(), presence()});
}

CommandOrRejection CommandReader::leave() {
  return finish(LeaveCommand{request_, room()});
}

CommandOrRejection CommandReader::history() {
  return finish(HistoryCommand{request_, room(), before(), limit()});
}

CommandOrRejection CommandReader::typing() {
  return finish(TypingCommand{request_, room()});
}

CommandOrRejection CommandReader::ping() {
  return finish(PingCommand{request_});
}

CommandOrRejection CommandReader::send(std::string id, const char* text_field) {
  SendCommand command;
  command.id = std::move(id);
  const auto uuid = parse_uuid(command.id);
  if (uuid) command.uuid = *uuid;
  if (!uuid) reject("id must be a UUID of 36 characters");
  command.room = room();
  command.text = text(text_field, "text");
  check(command.text);
  return finish(std::move(command));
}

Rejection CommandReader::refuse(std::string reason, ErrorCode code) {
  reject(std::move(reason), code);
  return *std::move(rejection_);
}

std::optional<std::string> CommandReader::id() {
  const auto found = fields_.find("id");
  if (found == fields_.end()) return std::nullopt;
  if (found->is_string() && is_valid_request_id(found->get_ref<const std::string&>()))
    return found->get<std::string>();
  reject("id must be a string of at most 64 characters");
  return std::nullopt;
}

/// `called`: the field's name in the rejection.
std::string CommandReader::text(const char* field, const char* called) {
  const auto found = fields_.find(field);
  if (found == fields_.end()) return reject(std::string(called) + " is missing"), std::string{};
  if (!found->is_string()) return reject(std::string(called) + " must be a string"), std::string{};
  return found->get<std::string>();
}

std::string CommandReader::room() {
  if (!default_room_.empty() && !fields_.contains("room")) return std::string(default_room_);
  auto name = text("room", "room");
  if (!is_valid_room(name)) reject("room must be 1 to 128 characters of A-Z a-z 0-9 _ - . :");
  return name;
}

std::optional<std::string> CommandReader::name() {
  if (!has("name")) return std::nullopt;
  auto name = text("name", "name");
  if (!is_valid_name(name)) reject("name must be 1 to 64 characters without control characters");
  return name;
}

std::optional<Cursor> CommandReader::since() {
  if (!has("since")) return std::nullopt;
  return cursor("since");
}

Cursor CommandReader::before() {
  if (!has("before")) return reject("before is missing"), Cursor{};
  return cursor("before").value_or(Cursor{});
}

std::optional<Cursor> CommandReader::cursor(const char* field) {
  const json& value = fields_[field];
  if (!value.is_object())
    return reject(std::string(field) + " must be an object with epoch and seq"), std::nullopt;
  const auto epoch = cursor_number(value, "epoch");
  const auto seq = cursor_number(value, "seq");
  if (!epoch || !seq) return reject("epoch and seq must be integers from 0 to 2^53 - 1"), std::nullopt;
  return Cursor{*epoch, *seq};
}

std::size_t CommandReader::limit() {
  if (!has("limit")) return reject("limit is missing"), 0;
  const json& value = fields_["limit"];
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() < 1 ||
      value.get<std::uint64_t>() > max_history)
    return reject("limit must be an integer from 1 to 100"), 0;
  return value.get<std::size_t>();
}

std::size_t CommandReader::page_size() {
  if (!has("history")) return 0;
  const json& value = fields_["history"];
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > max_history)
    return reject("history must be an integer from 0 to 100"), 0;
  return value.get<std::size_t>();
}

bool CommandReader::presence() {
  if (!has("presence")) return false;
  const json& value = fields_["presence"];
  if (!value.is_boolean()) return reject("presence must be true or false"), false;
  return value.get<bool>();
}

/// Whether an optional field is there; null counts as missing.
bool CommandReader::has(const char* field) const {
  const auto found = fields_.find(field);
  return found != fields_.end() && !found->is_null();
}

void CommandReader::check(const std::string& text) {
  switch (check_text(text)) {
    case TextFault::none:
      return;
    case TextFault::empty:
      return reject("text must not be empty");
    case TextFault::not_utf8:
      return reject("text must be valid UTF-8");
    case TextFault::has_nul:
      return reject("text must not contain NUL");
    case TextFault::too_long:
      return reject("text must be at most 4000 characters", ErrorCode::too_large);
  }
}

void CommandReader::reject(std::string reason, ErrorCode code) {
  if (!rejection_) rejection_ = Rejection{request_, code, std::move(reason), std::nullopt};
}

CommandOrRejection CommandReader::finish(Command command) {
  if (rejection_) return *std::move(rejection_);
  return command;
}

}  // namespace chat::gateway
