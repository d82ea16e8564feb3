// How long a message takes in each stage of its way.
#pragma once

#include <string>

#include <prometheus/histogram.h>

#include "common/metrics/metrics.hpp"

namespace chat {

/// chat_stage_seconds{stage}: accept, deliver and log in a gateway, store in a persister (deploy/METRICS.md
/// says where each begins and ends). All have the same buckets, so that they can be shown side by side, and
/// each is measured by the steady clock of one process.
inline prometheus::Histogram& stage_seconds(Metrics& metrics, const std::string& stage) {
  return metrics.histogram(
      "chat_stage_seconds", "Time that a message spends in a stage of its way",
      {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120},
      {{"stage", stage}});
}

}  // namespace chat
