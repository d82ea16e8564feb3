// The rules for the fields of a client's commands, the same for every protocol (PROTOCOL.md, "Client to
// gateway"). Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <nlohmann/json_fwd.hpp>

#include "common/wire/cursor.hpp"
#include "gateway/chat/commands.hpp"
#include "gateway/chat/error_code.hpp"

namespace chat::gateway {

using CommandOrRejection = std::variant<Command, Rejection>;

/// Reads one command from the fields of a JSON object. The first field that breaks a rule becomes the
/// rejection. Unknown fields are ignored. For one command.
class CommandReader {
 public:
  /// `fields` is an object of valid UTF-8 and outlives the reader. `request` stands in the command and in the
  /// rejection. A missing `room` is `default_room`, or a fault where that is empty.
  explicit CommandReader(const nlohmann::json& fields, RequestId request = {},
                         std::string_view default_room = {});

  /// The request's id, where it is known only now.
  void set_request(RequestId request);

  /// The field `id`; none where it is missing or breaks its rule.
  std::optional<std::string> id();

  CommandOrRejection hello();
  CommandOrRejection join();
  CommandOrRejection leave();
  CommandOrRejection history();
  CommandOrRejection typing();
  CommandOrRejection ping();

  /// `id` is the message's; the field `text_field` has its text.
  CommandOrRejection send(std::string id, const char* text_field);

  /// The rejection: with this reason, unless a field broke a rule before.
  Rejection refuse(std::string reason, ErrorCode code);

 private:
  std::string text(const char* field, const char* called);
  std::string room();
  std::optional<std::string> name();
  std::optional<Cursor> since();
  Cursor before();
  std::optional<Cursor> cursor(const char* field);
  std::size_t limit();
  std::size_t page_size();
  bool presence();
  bool has(const char* field) const;
  void check(const std::string& text);
  void reject(std::string reason, ErrorCode code = ErrorCode::bad_request);
  CommandOrRejection finish(Command command);

  const nlohmann::json& fields_;
  RequestId request_;
  std::string_view default_room_;
  std::optional<Rejection> rejection_;
};

}  // namespace chat::gateway
