#include "gateway/native/native_commands.hpp"

#include <optional>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "common/wire/limits.hpp"
#include "common/wire/surrogates.hpp"

namespace chat::gateway::native {
namespace {

using nlohmann::json;

/// Finds the string "id" of the outermost object, up to the first syntax error.
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
    // The id may come after half a surrogate pair, which users can paste without knowing.
    IdFinder behind;
    json::sax_parse(without_lone_surrogates(frame), &behind);
    // An id with a replaced character is not the client's.
    if (behind.id && behind.id->find("\uFFFD") == std::string::npos) finder.id = std::move(behind.id);
  }
  return {finder.id ? RequestId(*std::move(finder.id)) : RequestId(), ErrorCode::bad_request,
          "the frame is not valid JSON", std::nullopt};
}

CommandOrRejection read_by_type(const std::string& type, const std::optional<std::string>& id,
                                CommandReader& reader) {
  if (type == "send") return reader.send(id.value_or(""), "text");
  if (type == "ping") return reader.ping();
  if (type == "hello") return reader.hello();
  if (type == "leave") return reader.leave();
  if (type == "typing") return reader.typing();
  if (type == "history") return reader.history();
  if (type == "join") return reader.join();
  return reader.refuse("the type is unknown", ErrorCode::unknown_type);
}

}  // namespace

CommandOrRejection parse_command(std::string_view text) {
  const json frame = json::parse(text, nullptr, false);
  if (frame.is_discarded()) return syntax_error(text);
  if (!frame.is_object())
    return Rejection{std::nullopt, ErrorCode::bad_request, "the frame must be a JSON object", std::nullopt};
  CommandReader reader(frame);
  const auto id = reader.id();
  if (id) reader.set_request(*id);
  const auto type = frame.find("type");
  if (type == frame.end() || !type->is_string())
    return reader.refuse("type must be a string", ErrorCode::bad_request);
  return read_by_type(type->get_ref<const std::string&>(), id, reader);
}

}  // namespace chat::gateway::native
