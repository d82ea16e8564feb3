// What a service refuses at its bounds.
#pragma once

#include <string>

#include <prometheus/counter.h>

#include "common/metrics/metrics.hpp"

namespace chat {

/// chat_refusals_total{bound}: requests that were refused since `bound` was reached. The bounds are a fixed
/// list, each made at the start.
inline prometheus::Counter& refusals(Metrics& metrics, const std::string& bound) {
  return metrics.counter("chat_refusals_total", "Requests refused since a bound was reached, by the bound",
                         {{"bound", bound}});
}

}  // namespace chat
