// Every metric of a gateway, and what it was built from.
#pragma once

#include <string>

#include "common/metrics/build_info.hpp"
#include "common/metrics/metrics.hpp"

namespace chat::gateway {

BuildInfo build();

/// Makes the metrics that the service's parts make when they are made, so that all are there from the start.
/// Those whose labels only the service knows are missing: its topic's retention, its dependencies.
void make_all_metrics(Metrics& metrics);

/// All metrics, also those, as a table for deploy/METRICS.md.
std::string metrics_markdown();

}  // namespace chat::gateway
