#include "gateway/socketio/socket_packet.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "common/wire/surrogates.hpp"

namespace chat::gateway::socketio {
namespace {

using nlohmann::json;

constexpr int binary_event = 5;
constexpr int binary_ack = 6;

/// Names that a client must not use for its events (socket.io-parser, RESERVED_EVENTS).
constexpr std::array<std::string_view, 6> reserved_events{"connect",       "connect_error", "disconnect",
                                                          "disconnecting", "newListener",   "removeListener"};

// Encoding --------------------------------------------------------------------------------------------------

bool has_binary(const json& value) {
  if (value.is_binary()) return true;
  return value.is_structured() && std::ranges::any_of(value, has_binary);
}

/// Replaces the binary values by placeholders, and appends their bytes to `attachments` in order.
json without_binary(const json& value, std::vector<std::string>& attachments) {
  if (value.is_binary()) {
    const auto& bytes = value.get_binary();
    attachments.emplace_back(bytes.begin(), bytes.end());
    return {{"_placeholder", true}, {"num", attachments.size() - 1}};
  }
  if (!value.is_structured()) return value;
  json copy = value;
  for (json& each : copy) each = without_binary(each, attachments);
  return copy;
}

char type_digit(SocketType type, bool binary) {
  int digit = static_cast<int>(type);
  if (binary && type == SocketType::event) digit = binary_event;
  if (binary && type == SocketType::ack) digit = binary_ack;
  return static_cast<char>('0' + digit);
}

// Decoding --------------------------------------------------------------------------------------------------

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Takes the number at the beginning of the text; none if there is no number, or a too large one.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

bool is_deeper_than(std::size_t most, std::string_view text) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string && c == '\\') ++i;
    if (c == '"') in_string = !in_string;
    if (in_string) continue;
    if ((c == '[' || c == '{') && ++depth > most) return true;
    if ((c == ']' || c == '}') && depth > 0) --depth;
  }
  return false;
}

/// Parses JSON that is nested no deeper than `depth`, since copying and writing a value recurse. None for
/// anything else.
std::optional<json> parse_json(std::string_view text, std::size_t depth) {
  if (is_deeper_than(depth, text)) return std::nullopt;
  json value = json::parse(text, nullptr, false);
  // The reference server accepts half a surrogate pair, which users can paste.
  if (value.is_discarded()) value = json::parse(without_lone_surrogates(text), nullptr, false);
  if (value.is_discarded()) return std::nullopt;
  return value;
}

bool is_event(const json& data) {
  if (!data.is_array() || data.empty()) return false;
  if (data[0].is_number()) return true;
  return data[0].is_string() &&
         std::ranges::find(reserved_events, data[0].get_ref<const std::string&>()) == reserved_events.end();
}

/// The rules of isPayloadValid in socket.io-parser.
bool fits(SocketType type, const std::optional<json>& data) {
  switch (type) {
    case SocketType::connect:
      return !data || data->is_object();
    case SocketType::disconnect:
      return !data;
    case SocketType::event:
      return data && is_event(*data);
    case SocketType::ack:
      return data && data->is_array();
    case SocketType::connect_error:
      return data && (data->is_object() || data->is_string());
  }
  return false;
}

bool is_placeholder(const json& value) {
  if (!value.is_object()) return false;
  const auto mark = value.find("_placeholder");
  return mark != value.end() && *mark == true;
}

/// Replaces the placeholders by their attachments, at most `left` bytes, since several may name the same one.
/// False if a placeholder names a missing attachment or the bytes are too many.
bool put_attachments(json& value, const std::vector<std::string>& attachments, std::size_t& left) {
  if (is_placeholder(value)) {
    const auto number = value.find("num");
    if (number == value.end() || !number->is_number_unsigned()) return false;
    const auto index = number->get<std::uint64_t>();
    if (index >= attachments.size()) return false;
    const std::string& bytes = attachments[index];
    if (bytes.size() > left) return false;
    left -= bytes.size();
    value = json::binary({bytes.begin(), bytes.end()});
    return true;
  }
  if (!value.is_structured()) return true;
  return std::ranges::all_of(value, [&](json& each) { return put_attachments(each, attachments, left); });
}

}  // namespace

EncodedSocketPacket encode_socket_packet(const SocketPacket& packet) {
  EncodedSocketPacket encoded;
  const bool binary = has_binary(packet.data);
  encoded.text = type_digit(packet.type, binary);
  std::string data;
  if (binary)
    data = without_binary(packet.data, encoded.attachments).dump();
  else if (!packet.data.is_null())
    data = packet.data.dump();
  if (binary) encoded.text += std::to_string(encoded.attachments.size()) + '-';
  if (packet.nsp != "/") encoded.text += packet.nsp + ',';
  if (packet.id) encoded.text += std::to_string(*packet.id);
  encoded.text += data;
  return encoded;
}

SocketDecoder::Outcome SocketDecoder::add_text(std::string_view text) {
  if (is_waiting() || text.empty() || text.front() < '0' || text.front() > '6') return Outcome::failed;
  const int digit = text.front() - '0';
  text.remove_prefix(1);
  const bool binary = digit >= binary_event;
  packet_ = {};
  packet_.type = static_cast<SocketType>(binary ? digit - 3 : digit);
  std::size_t expected = 0;
  if (binary) {
    const auto count = take_number(text);
    if (!count || *count > limits_.attachments || !text.starts_with('-')) return Outcome::failed;
    expected = *count;
    text.remove_prefix(1);
  }
  if (text.starts_with('/')) {
    const std::size_t end = std::min(text.find(','), text.size());
    packet_.nsp = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (!text.empty() && is_digit(text.front())) {
    packet_.id = take_number(text);
    if (!packet_.id) return Outcome::failed;
  }
  std::optional<json> data;
  if (!text.empty()) {
    data = parse_json(text, limits_.depth);
    if (!data) return Outcome::failed;
  }
  if (!fits(packet_.type, data)) return Outcome::failed;
  expected_ = expected;
  attached_bytes_ = 0;
  attachments_.clear();
  if (expected_ > 0) {
    // Kept as text: the attachments may never come, and a parsed value is many times as large.
    text_ = text;
    return Outcome::needs_attachments;
  }
  if (data) packet_.data = *std::move(data);
  return Outcome::packet;
}

SocketDecoder::Outcome SocketDecoder::add_binary(std::string_view bytes) {
  if (!is_waiting()) return Outcome::failed;
  attached_bytes_ += bytes.size();
  if (attached_bytes_ > limits_.attachment_bytes) return Outcome::failed;
  attachments_.emplace_back(bytes);
  if (attachments_.size() < expected_) return Outcome::needs_attachments;
  return complete();
}

SocketDecoder::Outcome SocketDecoder::complete() {
  expected_ = 0;
  packet_.data = parse_json(std::exchange(text_, {}), limits_.depth).value_or(json());
  std::size_t left = limits_.attachment_bytes;
  const bool is_whole = put_attachments(packet_.data, attachments_, left);
  attachments_ = {};
  return is_whole ? Outcome::packet : Outcome::failed;
}

SocketPacket SocketDecoder::take() {
  return std::exchange(packet_, {});
}

}  // namespace chat::gateway::socketio
