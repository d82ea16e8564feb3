// The WebSocket to which a polling session may upgrade, from its opening to the upgrade packet.
#pragma once

#include <chrono>
#include <optional>

#include "gateway/connection/connection.hpp"
#include "gateway/engineio/engine_packet.hpp"

namespace chat::gateway::engineio {

/// One probe at a time: the client sends "2probe", is answered "3probe", and then sends "5". Knows no clock.
class UpgradeProbe {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// `socket` outlives the probe or abandon() is called. False while another socket probes.
  bool begin(ws::Connection& socket, TimePoint deadline);

  bool is_on(const ws::Connection& socket) const { return &socket == socket_; }

  /// Whether the client's ping was answered. From then on each poll is answered at once, so that the client
  /// can stop polling.
  bool is_answered() const { return is_answered_; }

  /// When the probe is to be abandoned; TimePoint::max() without one.
  TimePoint deadline() const { return deadline_; }

  /// What the caller has to do after a packet.
  enum class Step { stop_polls, upgrade, abandon };

  /// Takes a packet from the probing socket, none for a broken one. Answers the client's ping.
  Step on_packet(const std::optional<EnginePacket>& packet);

  /// Closes the socket; the session stays on polling. Without effect without a probe.
  void abandon();

  /// Ends the probe and gives its socket, which is the session's transport from now on.
  ws::Connection* complete();

 private:
  ws::Connection* socket_ = nullptr;
  TimePoint deadline_ = TimePoint::max();
  bool is_answered_ = false;
};

}  // namespace chat::gateway::engineio
