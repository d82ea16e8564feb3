// The process's own figures from /proc/self, as metric families.
#pragma once

#include <vector>

#include <prometheus/metric_family.h>

namespace chat {

/// Resident and virtual memory, open and allowed files, threads, CPU seconds and start time, under
/// Prometheus' usual process_* names. What cannot be read is left out. Any thread.
std::vector<prometheus::MetricFamily> process_metrics();

}  // namespace chat
