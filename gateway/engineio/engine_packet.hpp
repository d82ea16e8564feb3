// Engine.IO 4 packets as text, as binary, and many in one polling payload. Pure.
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

/// A packet as one text: the WebSocket frame, or one record of a payload (a binary message then as "b" and
/// base64).
std::string encode_packet(const EnginePacket& packet);

/// Reads such a text; none for an unknown type or broken base64. In a WebSocket frame there is no "b".
enum class EngineCarrier { payload, frame };
std::optional<EnginePacket> decode_packet(std::string_view text, EngineCarrier carrier);

/// What stands between the packets of a payload.
inline constexpr char record_separator = '\x1e';

/// Adds a packet that is encoded already to a payload.
void append_record(std::string& payload, std::string_view packet);

/// The record of a POST body that begins at `at`, which moves behind its separator: beyond the body's end
/// after the last one. Every body has one at least, an empty one.
std::string_view take_record(std::string_view body, std::size_t& at);

}  // namespace chat::gateway::engineio
