#include "gateway/socketio/event_commands.hpp"

#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "common/wire/uuid.hpp"

namespace chat::gateway::socketio {
namespace {

using nlohmann::json;

CommandOrRejection read_join(CommandReader& reader, const json& fields) {
  auto read = reader.join();
  if (auto* const command = std::get_if<Command>(&read)) {
    const auto receipts = fields.find("receipts");
    std::get<JoinCommand>(*command).receipts = receipts != fields.end() && *receipts == true;
  }
  return read;
}

CommandOrRejection read_message(CommandReader& reader, const json& fields, Random& random) {
  std::string id = fields.contains("id") ? reader.id().value_or("") : to_string(random_uuid(random));
  return reader.send(std::move(id), "message");
}

}  // namespace

CommandOrRejection read_event(std::string_view event, const json& fields, std::optional<std::uint64_t> ack,
                              Random& random) {
  CommandReader reader(fields, ack ? RequestId(*ack) : RequestId(), default_room);
  if (event == "event:message") return read_message(reader, fields, random);
  if (event == "join") return read_join(reader, fields);
  if (event == "leave") return reader.leave();
  if (event == "history") return reader.history();
  if (event == "typing") return reader.typing();
  return reader.refuse("the event is unknown", ErrorCode::unknown_type);
}

}  // namespace chat::gateway::socketio
