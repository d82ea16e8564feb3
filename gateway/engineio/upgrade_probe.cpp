#include "gateway/engineio/upgrade_probe.hpp"

#include <utility>

#include "gateway/connection/close_codes.hpp"

namespace chat::gateway::engineio {
namespace {

constexpr std::string_view probe_answer = "3probe";

}  // namespace

bool UpgradeProbe::begin(ws::Connection& socket, TimePoint deadline) {
  if (socket_ != nullptr) return false;
  socket_ = &socket;
  deadline_ = deadline;
  return true;
}

UpgradeProbe::Step UpgradeProbe::on_packet(const std::optional<EnginePacket>& packet) {
  if (!packet) return Step::abandon;
  if (packet->type == EngineType::ping && packet->data == "probe") {
    socket_->send_text(probe_answer);
    is_answered_ = true;
    return Step::stop_polls;
  }
  return packet->type == EngineType::upgrade && is_answered_ ? Step::upgrade : Step::abandon;
}

void UpgradeProbe::abandon() {
  if (ws::Connection* const socket = complete()) socket->close(ws::close_code::done, {});
}

ws::Connection* UpgradeProbe::complete() {
  deadline_ = TimePoint::max();
  is_answered_ = false;
  return std::exchange(socket_, nullptr);
}

}  // namespace chat::gateway::engineio
