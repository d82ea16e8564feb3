#include "gateway/engineio/message_frame.hpp"

#include <string>

namespace chat::gateway::engineio {

ws::FrameRef make_message_frame(std::string_view data, bool binary) {
  if (binary) return ws::make_frame(ws::Opcode::binary, data);
  return ws::make_frame(ws::Opcode::text, encode_packet({EngineType::message, std::string(data), false}));
}

std::optional<EnginePacket> read_frame(std::string_view payload, bool binary) {
  if (binary) return EnginePacket{EngineType::message, std::string(payload), true};
  return decode_packet(payload, EngineCarrier::frame);
}

}  // namespace chat::gateway::engineio
