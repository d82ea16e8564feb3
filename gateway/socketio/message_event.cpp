#include "gateway/socketio/message_event.hpp"

namespace chat::gateway::socketio {
namespace {

constexpr std::string_view beginning = R"({"type":"message",)";
constexpr std::string_view native_name = R"("text":)";
constexpr std::string_view event_name = R"("message":)";
constexpr std::string_view packet_head = R"(42["message",)";

/// The position behind the JSON string that begins at `at`; npos if none does.
std::size_t skip_string(std::string_view text, std::size_t at) {
  if (at >= text.size() || text[at] != '"') return std::string_view::npos;
  for (++at; at < text.size(); ++at) {
    if (text[at] == '\\')
      ++at;
    else if (text[at] == '"')
      return at + 1;
  }
  return std::string_view::npos;
}

/// The position behind the number that begins at `at`.
std::size_t skip_number(std::string_view text, std::size_t at) {
  while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
  return at;
}

/// The position of the name "text" among the object's names; npos if it has none.
std::size_t find_text(std::string_view message) {
  std::size_t at = beginning.size();
  for (;;) {
    if (message.substr(at).starts_with(native_name)) return at;
    at = skip_string(message, at);
    if (at >= message.size() || message[at] != ':') return std::string_view::npos;
    ++at;
    at = at < message.size() && message[at] == '"' ? skip_string(message, at) : skip_number(message, at);
    if (at >= message.size() || message[at] != ',') return std::string_view::npos;
    ++at;
  }
}

void append_argument(std::string& out, std::string_view message, std::size_t name) {
  out += '{';
  out += message.substr(beginning.size(), name - beginning.size());
  out += event_name;
  out += message.substr(name + native_name.size());
}

}  // namespace

std::optional<std::string> message_argument(std::string_view message) {
  if (!message.starts_with(beginning)) return std::nullopt;
  const std::size_t name = find_text(message);
  if (name == std::string_view::npos) return std::nullopt;
  std::string argument;
  argument.reserve(message.size());
  append_argument(argument, message, name);
  return argument;
}

std::optional<std::string> message_event(std::string_view message, std::string_view offset) {
  const auto argument = message_argument(message);
  if (!argument) return std::nullopt;
  std::string event;
  event.reserve(packet_head.size() + argument->size() + offset.size() + 4);
  event += packet_head;
  event += *argument;
  if (!offset.empty()) event.append(",\"").append(offset).append("\"");
  event += ']';
  return event;
}

}  // namespace chat::gateway::socketio
