// The times and bounds of Engine.IO sessions.
#pragma once

#include <chrono>
#include <cstddef>

namespace chat::gateway::engineio {

struct EngineSettings {
  std::chrono::milliseconds ping_interval{25'000};
  std::chrono::milliseconds ping_timeout{20'000};
  std::chrono::milliseconds upgrade_timeout{10'000};  // from the WebSocket's opening to the upgrade packet
  std::size_t max_payload_bytes = 1'000'000;          // bytes of a POST and of a message
  std::size_t max_outbox_bytes = 1024 * 1024;         // unpolled bytes; above it the session is closed
};

}  // namespace chat::gateway::engineio
