// Metrics of the traces that are sent.
#pragma once

#include <prometheus/counter.h>

#include "common/metrics/metrics.hpp"

namespace chat::tracing {

/// References into a Metrics that outlives it. Any thread.
struct TraceMetrics {
  explicit TraceMetrics(Metrics& metrics)
      : exported(metrics.counter("chat_trace_spans_exported_total", "Spans that the collector took")),
        dropped(metrics.counter("chat_trace_spans_dropped_total",
                                "Spans that were dropped: the collector is away, slow or refuses them")) {}

  prometheus::Counter& exported;
  prometheus::Counter& dropped;
};

}  // namespace chat::tracing
