#include "gateway/chat/commands.hpp"

#include <utility>

#include <nlohmann/json.hpp>

#include "common/wire/limits.hpp"
#include "common/wire/surrogates.hpp"

namespace chat::gateway {
namespace {

using nlohmann::json;
using Parsed = std::variant<Command, Rejection>;

constexpr std::size_t max_history = 100;

/// Remembers the string "id" of the outermost object up to where the text stops being JSON.
class IdFinder : public nlohmann::json_sax<json> {
 public:
  std::optional<std::string> id;

  bool null() override { return value(); }
  bool boolean(bool) override { return value(); }
  bool number_integer(number_integer_t) override { return value(); }
  bool number_unsigned(number_unsigned_t) override { return value(); }
  bool number_float(number_float_t, const string_t&) override { return value(); }
  bool binary(binary_t&) override { return value(); }
  bool string(string_t& text) override {
    if (depth_ == 1 && at_id_ && is_valid_request_id(text)) id = text;
    return value();
  }
  bool start_object(std::size_t) override { return open(); }
  bool end_object() override { return --depth_, true; }
  bool start_array(std::size_t) override { return open(); }
  bool end_array() override { return --depth_, true; }
  bool key(string_t& text) override {
    at_id_ = depth_ == 1 && text == "id";
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;
  }

 private:
  bool value() {
    at_id_ = false;
    return true;
  }
  bool open() {
    ++depth_;
    return value();
  }

  int depth_ = 0;
  bool at_id_ = false;
};

Rejection syntax_error(std::string_view frame) {
  IdFinder finder;
  json::sax_parse(frame, &finder);
  if (!finder.id) {
    // It may stand behind half a surrogate pair, which a client can have in a text without knowing.
    IdFinder behind;
    json::sax_parse(without_lone_surrogates(frame), &behind);
    // An id that was itself changed is not the client's.
    if (behind.id && behind.id->find("\uFFFD") == std::string::npos) finder.id = std::move(behind.id);
  }
  return {finder.id, ErrorCode::bad_request, "the frame is not valid JSON", std::nullopt};
}

/// Reads the fields of one frame; the first fault becomes the rejection.
class FrameReader {
 public:
  explicit FrameReader(const json& frame) : frame_(frame) {
    const auto found = frame.find("id");
    if (found == frame.end()) return;
    if (!found->is_string() || !is_valid_request_id(found->get_ref<const std::string&>())) {
      reject("id must be a string of at most 64 characters");
      return;
    }
    id_ = found->get<std::string>();
  }

  const RequestId& id() const { return id_; }

  std::string text(const char* field) {
    const auto found = frame_.find(field);
    if (found == frame_.end()) return reject(std::string(field) + " is missing"), std::string{};
    if (!found->is_string()) return reject(std::string(field) + " must be a string"), std::string{};
    return found->get<std::string>();
  }

  std::string room() {
    auto name = text("room");
    if (!is_valid_room(name)) reject("room must be 1 to 128 characters of A-Z a-z 0-9 _ - . :");
    return name;
  }

  std::optional<std::string> name() {
    if (!has("name")) return std::nullopt;
    auto name = text("name");
    if (!is_valid_name(name)) reject("name must be 1 to 64 characters without control characters");
    return name;
  }

  std::optional<Cursor> since() {
    if (!has("since")) return std::nullopt;
    return cursor("since");
  }

  Cursor before() {
    if (!has("before")) return reject("before is missing"), Cursor{};
    return cursor("before").value_or(Cursor{});
  }

  std::size_t limit() {
    if (!has("limit")) return reject("limit is missing"), 0;
    const json& value = frame_["limit"];
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() < 1 ||
        value.get<std::uint64_t>() > max_history)
      return reject("limit must be an integer from 1 to 100"), 0;
    return value.get<std::size_t>();
  }

  std::optional<Cursor> cursor(const char* field) {
    const json& value = frame_[field];
    if (!value.is_object())
      return reject(std::string(field) + " must be an object with epoch and seq"), std::nullopt;
    const auto epoch = cursor_number(value, "epoch");
    const auto seq = cursor_number(value, "seq");
    if (!epoch || !seq) return reject("epoch and seq must be integers from 0 to 2^53 - 1"), std::nullopt;
    return Cursor{*epoch, *seq};
  }

  std::size_t history() {
    if (!has("history")) return 0;
    const json& value = frame_["history"];
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() > max_history)
      return reject("history must be an integer from 0 to 100"), 0;
    return value.get<std::size_t>();
  }

  bool presence() {
    if (!has("presence")) return false;
    const json& value = frame_["presence"];
    if (!value.is_boolean()) return reject("presence must be true or false"), false;
    return value.get<bool>();
  }

  void reject(std::string message, ErrorCode code = ErrorCode::bad_request) {
    if (!rejection_) rejection_ = Rejection{id_, code, std::move(message), std::nullopt};
  }

  Parsed finish(Command command) {
    if (rejection_) return *std::move(rejection_);
    return command;
  }

 private:
  bool has(const char* field) const {
    const auto found = frame_.find(field);
    return found != frame_.end() && !found->is_null();
  }

  static std::optional<std::int64_t> cursor_number(const json& cursor, const char* field) {
    const auto found = cursor.find(field);
    if (found == cursor.end() || !found->is_number_unsigned()) return std::nullopt;
    const auto number = found->get<std::uint64_t>();
    if (number > static_cast<std::uint64_t>(max_json_integer)) return std::nullopt;
    return static_cast<std::int64_t>(number);
  }

  const json& frame_;
  RequestId id_;
  std::optional<Rejection> rejection_;
};

Parsed parse_send(FrameReader& reader) {
  SendCommand command;
  command.id = reader.id().value_or("");
  const auto uuid = parse_uuid(command.id);
  if (uuid) command.uuid = *uuid;
  if (!uuid) reader.reject("id must be a UUID of 36 characters");
  command.room = reader.room();
  command.text = reader.text("text");
  switch (check_text(command.text)) {
    case TextFault::none:
      break;
    case TextFault::empty:
      reader.reject("text must not be empty");
      break;
    case TextFault::not_utf8:
      reader.reject("text must be valid UTF-8");
      break;
    case TextFault::has_nul:
      reader.reject("text must not contain NUL");
      break;
    case TextFault::too_long:
      reader.reject("text must be at most 4000 characters", ErrorCode::too_large);
      break;
  }
  return reader.finish(std::move(command));
}

Parsed parse_by_type(const std::string& type, FrameReader& reader) {
  if (type == "send") return parse_send(reader);
  if (type == "ping") return reader.finish(PingCommand{reader.id()});
  if (type == "hello") return reader.finish(HelloCommand{reader.id(), reader.name()});
  if (type == "leave") return reader.finish(LeaveCommand{reader.id(), reader.room()});
  if (type == "typing") return reader.finish(TypingCommand{reader.id(), reader.room()});
  if (type == "history") {
    HistoryCommand command{reader.id(), reader.room(), reader.before(), reader.limit()};
    return reader.finish(std::move(command));
  }
  if (type == "join") {
    JoinCommand command{reader.id(), reader.room(), reader.since(), reader.history(), reader.presence()};
    return reader.finish(std::move(command));
  }
  reader.reject("the type is unknown", ErrorCode::unknown_type);
  return reader.finish(PingCommand{});
}

}  // namespace

std::variant<Command, Rejection> parse_command(std::string_view text) {
  const json frame = json::parse(text, nullptr, false);
  if (frame.is_discarded()) return syntax_error(text);
  return read_command(frame);
}

std::variant<Command, Rejection> read_command(const json& frame) {
  if (!frame.is_object())
    return Rejection{std::nullopt, ErrorCode::bad_request, "the frame must be a JSON object", std::nullopt};
  FrameReader reader(frame);
  const auto type = frame.find("type");
  if (type == frame.end() || !type->is_string()) {
    reader.reject("type must be a string");
    return reader.finish(PingCommand{});
  }
  return parse_by_type(type->get_ref<const std::string&>(), reader);
}

}  // namespace chat::gateway
