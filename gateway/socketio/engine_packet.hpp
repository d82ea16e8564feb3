// Engine.IO 4 packets as text, as binary, and many in one polling payload. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chat::gateway::socketio {

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

/// The packets of a POST body up to the first that is broken: `complete` tells whether all were read.
struct EnginePayload {
  std::vector<EnginePacket> packets;
  bool complete = true;
};
EnginePayload decode_payload(std::string_view body);

}  // namespace chat::gateway::socketio
