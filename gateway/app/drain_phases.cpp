#include "gateway/app/drain_phases.hpp"

namespace chat::gateway {

bool DrainPhases::advance(const DrainView& view, TimePoint now) {
  if (phase_ == DrainPhase::done || !is_over(view, now - began_)) return false;
  phase_ = static_cast<DrainPhase>(static_cast<std::uint8_t>(phase_) + 1);
  began_ = now;
  return true;
}

bool DrainPhases::is_over(const DrainView& view, std::chrono::steady_clock::duration lasted) const {
  switch (phase_) {
    case DrainPhase::announcing:
      // Not earlier, even without clients: the balancer may be about to send one.
      return lasted >= limits_.announcing;
    case DrainPhase::moving:
      return view.departures == 0 || view.clients == 0 || lasted >= limits_.moving;
    case DrainPhase::settling:
      return view.accepts_in_flight == 0 || lasted >= limits_.settling;
    case DrainPhase::flushing:
      return true;
    case DrainPhase::closing:
      return view.clients == 0 || lasted >= limits_.closing;
    case DrainPhase::done:
      break;
  }
  return false;
}

}  // namespace chat::gateway
