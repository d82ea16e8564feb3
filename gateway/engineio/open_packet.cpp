#include "gateway/engineio/open_packet.hpp"

#include <nlohmann/json.hpp>

#include "gateway/engineio/engine_packet.hpp"

namespace chat::gateway::engineio {

std::string make_open_packet(const std::string& sid, const EngineSettings& settings, bool can_upgrade) {
  const auto upgrades = can_upgrade ? nlohmann::json::array({"websocket"}) : nlohmann::json::array();
  const nlohmann::ordered_json handshake{{"sid", sid},
                                         {"upgrades", upgrades},
                                         {"pingInterval", settings.ping_interval.count()},
                                         {"pingTimeout", settings.ping_timeout.count()},
                                         {"maxPayload", settings.max_payload_bytes}};
  return encode_packet({EngineType::open, handshake.dump(), false});
}

}  // namespace chat::gateway::engineio
