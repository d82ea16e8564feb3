// When a client of a gateway that drains or sheds is sent away. Pure.
#pragma once

#include <chrono>
#include <cstddef>

#include "common/base/random.hpp"

namespace chat::gateway {

/// Both times count from the moment of the plan.
struct Departure {
  std::chrono::milliseconds reconnect_after;  // what the client is told
  std::chrono::milliseconds close_after;      // when its connection is closed if it is still there
};

/// The departure with number `turn` (from 0) of `turns`, which is above 0. They divide `span` evenly and each
/// takes a random moment of its part, so that no more than turns / span clients a second come to the other
/// gateways. A client that `obeys` is closed only a moment after the time that it was told. All are closed
/// within `span`. With a span of 0 all are closed at once, and told a random time from 0.2 to 2 s.
Departure departure(std::size_t turn, std::size_t turns, std::chrono::milliseconds span, bool obeys,
                    Random& random);

}  // namespace chat::gateway
