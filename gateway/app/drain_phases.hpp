// What a gateway does between SIGTERM and its end, as a state without clock and sockets.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace chat::gateway {

/// In this order.
enum class DrainPhase : std::uint8_t {
  announcing,  // /readyz says "draining"; clients are served as before, new ones too
  moving,      // the clients go to other gateways one by one; those that are still here are served
  settling,    // no further send begins; what the accept script was given gets its answer
  flushing,    // Kafka gets what it does not have yet
  closing,     // the connections that are left are closed
  done,
};

struct DrainLimits {
  std::chrono::milliseconds announcing{0};
  std::chrono::milliseconds moving{0};  // at most: it ends with the last departure
  std::chrono::milliseconds settling{0};
  std::chrono::milliseconds closing{0};
};

/// Of all workers together.
struct DrainView {
  std::size_t clients = 0;
  std::size_t departures = 0;
  std::size_t accepts_in_flight = 0;
};

class DrainPhases {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  DrainPhases(const DrainLimits& limits, TimePoint now) : limits_(limits), began_(now) {}

  DrainPhase phase() const { return phase_; }

  /// Whether the phase is over, so that the next one begins. What a phase does at its beginning is done
  /// before.
  bool advance(const DrainView& view, TimePoint now);

 private:
  bool is_over(const DrainView& view, std::chrono::steady_clock::duration lasted) const;

  const DrainLimits limits_;
  DrainPhase phase_ = DrainPhase::announcing;
  TimePoint began_;  // of the phase
};

}  // namespace chat::gateway
