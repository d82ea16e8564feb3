#include "gateway/socketio/room_events.hpp"

#include <nlohmann/json.hpp>

namespace chat::gateway::socketio {
namespace {

using nlohmann::json;

/// A Socket.IO event in an Engine.IO message.
std::string packet(const char* name, json fields) {
  return "42" + json::array({name, std::move(fields)}).dump();
}

}  // namespace

std::string encode(const TypingEvent& event) {
  return packet("typing", {{"room", event.room}, {"user", event.user}});
}

std::string encode(const PresenceEvent& event) {
  json fields{
      {"room", event.room}, {"members", event.members}, {"joined", event.joined}, {"left", event.left}};
  if (event.is_full) fields["full"] = true;
  return packet("presence", std::move(fields));
}

}  // namespace chat::gateway::socketio
