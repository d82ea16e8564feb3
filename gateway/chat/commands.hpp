// What a client asks for, read from a native frame (PROTOCOL, "Client to gateway"). Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <nlohmann/json_fwd.hpp>

#include "common/wire/cursor.hpp"
#include "common/wire/uuid.hpp"
#include "gateway/chat/error_code.hpp"

namespace chat::gateway {

/// An id that is given back in the answer; none where the frame had none.
using RequestId = std::optional<std::string>;

struct HelloCommand {
  RequestId id;
  std::optional<std::string> name;
};

struct JoinCommand {
  RequestId id;
  std::string room;
  std::optional<Cursor> since;
  std::size_t history = 0;
  bool presence = false;
  bool receipts = true;  // whether `stored` is told; not a field of the native frame
};

struct LeaveCommand {
  RequestId id;
  std::string room;
};

struct SendCommand {
  Uuid uuid;
  std::string id;  // the client's own spelling of the uuid
  std::string room;
  std::string text;
};

/// The last `limit` messages in front of `before`.
struct HistoryCommand {
  RequestId id;
  std::string room;
  Cursor before;
  std::size_t limit = 0;
};

struct TypingCommand {
  RequestId id;
  std::string room;
};

struct PingCommand {
  RequestId id;
};

using Command = std::variant<HelloCommand, JoinCommand, LeaveCommand, SendCommand, HistoryCommand,
                             TypingCommand, PingCommand>;

/// Reads one text frame (valid UTF-8). Everything that PROTOCOL does not allow is a Rejection with the
/// frame's id where one could be read, also from in front of a syntax error. Unknown fields are ignored.
std::variant<Command, Rejection> parse_command(std::string_view frame);

/// The same of a frame that is read already, valid UTF-8 too.
std::variant<Command, Rejection> read_command(const nlohmann::json& frame);

}  // namespace chat::gateway
