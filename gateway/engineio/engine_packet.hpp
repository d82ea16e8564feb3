// Engine.IO 4 packets, and polling payloads of several packets. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chat::gateway::engineio {

/// Engine.IO protocol, "Packet types".
enum class EngineType : std::uint8_t {
  open = 0,
  close = 1,
  ping = 2,
  pong = 3,
  message = 4,
  upgrade = 5,
  noop = 6
};

struct EnginePacket {
  EngineType type = EngineType::message;
  std::string data;
  bool binary = false;  // only messages

  bool operator==(const EnginePacket&) const = default;
};

/// A packet as text: a WebSocket frame, or one record of a payload. A binary message is "b" and base64.
std::string encode_packet(const EnginePacket& packet);

/// Reads such a text; none for an unknown type or broken base64. A WebSocket frame must not begin with "b".
enum class EngineCarrier { payload, frame };
std::optional<EnginePacket> decode_packet(std::string_view text, EngineCarrier carrier);

/// Separates the packets of a payload.
inline constexpr char record_separator = '\x1e';

/// Appends an encoded packet to a payload.
void append_record(std::string& payload, std::string_view packet);

/// The record of a POST body that begins at `at`. Moves `at` behind the record's separator; after the last
/// record that is beyond the body's end. Every body has at least one record, which may be empty.
std::string_view take_record(std::string_view body, std::size_t& at);

}  // namespace chat::gateway::engineio
