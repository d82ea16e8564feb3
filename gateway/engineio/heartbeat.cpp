#include "gateway/engineio/heartbeat.hpp"

#include <algorithm>

namespace chat::gateway::engineio {
namespace {

constexpr std::chrono::milliseconds max_ping_delay{100};

}  // namespace

void Heartbeat::start(TimePoint now) {
  next_ping_ = now + interval_;
}

void Heartbeat::on_pong(TimePoint now) {
  client_deadline_ = TimePoint::max();
  next_ping_ = now + interval_;
}

void Heartbeat::on_ping(TimePoint now) {
  const TimePoint sent_at = now - next_ping_ < max_ping_delay ? next_ping_ : now;
  next_ping_ = TimePoint::max();
  client_deadline_ = sent_at + timeout_;
}

void Heartbeat::close_by(TimePoint deadline) {
  next_ping_ = TimePoint::max();
  client_deadline_ = std::min(client_deadline_, deadline);
}

Heartbeat::TimePoint Heartbeat::deadline() const {
  return std::min(next_ping_, client_deadline_);
}

}  // namespace chat::gateway::engineio
