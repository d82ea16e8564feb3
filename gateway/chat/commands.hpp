// What a client can ask for, the same for every protocol.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <variant>

#include "common/wire/cursor.hpp"
#include "common/wire/uuid.hpp"
#include "gateway/chat/request_id.hpp"

namespace chat::gateway {

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
  bool receipts = true;  // whether the client gets `stored`
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

/// The last `limit` messages before `before`.
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

}  // namespace chat::gateway
