// All packets of a POST body, read as the session reads them.
#pragma once

#include <string_view>
#include <vector>

#include "gateway/engineio/engine_packet.hpp"

namespace chat::gateway::engineio::testing {

/// Up to the first that is broken: `complete` tells whether all were read.
struct EnginePayload {
  std::vector<EnginePacket> packets;
  bool complete = true;
};

inline EnginePayload decode_payload(std::string_view body) {
  EnginePayload payload;
  for (std::size_t at = 0; at <= body.size();) {
    const auto packet = decode_packet(take_record(body, at), EngineCarrier::payload);
    payload.complete = packet.has_value();
    if (!packet) break;
    payload.packets.push_back(*packet);
  }
  return payload;
}

}  // namespace chat::gateway::engineio::testing
