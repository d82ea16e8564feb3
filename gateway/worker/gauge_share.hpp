// One worker's share of a gauge that is the sum over all workers.
#pragma once

#include <cstddef>
#include <utility>

#include <prometheus/gauge.h>

namespace chat::gateway {

/// Changes the gauge by what the worker's share changed since the last call. `counted` is the share as of
/// then.
inline void set_share(prometheus::Gauge& gauge, std::size_t& counted, std::size_t now) {
  gauge.Increment(static_cast<double>(now) - static_cast<double>(std::exchange(counted, now)));
}

}  // namespace chat::gateway
