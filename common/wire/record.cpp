#include "common/wire/record.hpp"

#include <optional>

#include <nlohmann/json.hpp>

#include "common/wire/limits.hpp"

namespace chat {
namespace {

using nlohmann::json;

/// Collects the first fault; later reads are then without effect, so that the caller checks once.
class Fields {
 public:
  explicit Fields(const json& object) : object_(object) {}

  std::string string(const char* name) {
    const json* value = find(name);
    if (value == nullptr) return {};
    if (!value->is_string()) return fail(name, "is not a string"), std::string{};
    auto text = value->get<std::string>();
    if (!is_valid_utf8(text)) fail(name, "is not valid UTF-8");
    if (text.find('\0') != std::string::npos) fail(name, "has a NUL");
    return text;
  }

  std::int64_t integer(const char* name) {
    const json* value = find(name);
    if (value == nullptr) return 0;
    if (!value->is_number_integer()) return fail(name, "is not an integer"), 0;
    if (value->is_number_unsigned() && value->get<std::uint64_t>() > std::uint64_t{max_json_integer})
      return fail(name, "is out of range"), 0;
    const auto number = value->get<std::int64_t>();
    if (number < 0 || number > max_json_integer) return fail(name, "is out of range"), 0;
    return number;
  }

  void fail(const char* name, const char* fault) {
    if (!error_) error_ = Error{std::string("field \"") + name + "\" " + fault};
  }

  const std::optional<Error>& error() const { return error_; }

 private:
  const json* find(const char* name) {
    const auto found = object_.find(name);
    if (found != object_.end()) return &*found;
    fail(name, "is missing");
    return nullptr;
  }

  const json& object_;
  std::optional<Error> error_;
};

}  // namespace

std::string encode_record(const MessageRecord& record) {
  const json object = {{"v", 1},
                       {"id", to_string(record.id, record.id_spelling)},
                       {"room", record.room},
                       {"epoch", record.cursor.epoch},
                       {"seq", record.cursor.seq},
                       {"sender", record.sender},
                       {"sender_name", record.sender_name},
                       {"text", record.text},
                       {"sent_at", record.sent_at},
                       {"gateway", record.gateway}};
  return object.dump();
}

Result<MessageRecord> decode_record(std::string_view text) {
  const json object = json::parse(text, nullptr, false);
  if (object.is_discarded()) return Error{"the value is not JSON"};
  if (!object.is_object()) return Error{"the value is not a JSON object"};
  Fields fields(object);
  const std::int64_t version = fields.integer("v");
  if (!fields.error() && version != 1)
    return Error{"record version " + std::to_string(version) + " is unknown"};
  MessageRecord record;
  const std::string spelled_id = fields.string("id");
  const auto id = parse_uuid(spelled_id);
  if (id) record.id = *id;
  if (id) record.id_spelling = spelling_of(spelled_id);
  if (!id) fields.fail("id", "is not a UUID");
  record.room = fields.string("room");
  if (!is_valid_room(record.room)) fields.fail("room", "is not a room name");
  record.cursor = {fields.integer("epoch"), fields.integer("seq")};
  record.sender = fields.string("sender");
  record.sender_name = fields.string("sender_name");
  record.text = fields.string("text");
  record.sent_at = fields.integer("sent_at");
  record.gateway = fields.string("gateway");
  if (fields.error()) return *fields.error();
  return record;
}

}  // namespace chat
