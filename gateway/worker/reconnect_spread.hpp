// When each client of a draining gateway is to reconnect. Pure.
#pragma once

#include <cstdint>
#include <random>

namespace chat::gateway {

/// Spreads the reconnects evenly, so that the clients do not all come back at the same moment. The same seed
/// gives the same times.
class ReconnectSpread {
 public:
  ReconnectSpread(int min_ms, int max_ms, std::uint32_t seed) : engine_(seed), wait_(min_ms, max_ms) {}

  /// The next client's wait in milliseconds, both bounds included.
  int next_ms() { return wait_(engine_); }

 private:
  std::mt19937 engine_;
  std::uniform_int_distribution<int> wait_;
};

}  // namespace chat::gateway
