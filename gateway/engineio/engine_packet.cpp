#include "gateway/engineio/engine_packet.hpp"

#include <algorithm>
#include <utility>

#include "gateway/engineio/base64.hpp"

namespace chat::gateway::engineio {
namespace {

constexpr char binary_mark = 'b';

}  // namespace

std::string encode_packet(const EnginePacket& packet) {
  if (packet.binary) return binary_mark + encode_base64(packet.data);
  return static_cast<char>('0' + static_cast<int>(packet.type)) + packet.data;
}

std::optional<EnginePacket> decode_packet(std::string_view text, EngineCarrier carrier) {
  if (text.empty()) return std::nullopt;
  const char mark = text.front();
  text.remove_prefix(1);
  if (mark == binary_mark && carrier == EngineCarrier::payload) {
    auto bytes = decode_base64(text);
    if (!bytes) return std::nullopt;
    return EnginePacket{EngineType::message, *std::move(bytes), true};
  }
  if (mark < '0' || mark > '6') return std::nullopt;
  return EnginePacket{static_cast<EngineType>(mark - '0'), std::string(text), false};
}

void append_record(std::string& payload, std::string_view packet) {
  if (!payload.empty()) payload += record_separator;
  payload += packet;
}

std::string_view take_record(std::string_view body, std::size_t& at) {
  const std::size_t end = std::min(body.find(record_separator, at), body.size());
  const std::string_view record = body.substr(at, end - at);
  at = end + 1;
  return record;
}

}  // namespace chat::gateway::engineio
