// What is counted about Redis connections.
#pragma once

#include <string>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>

#include "common/metrics/metrics.hpp"

namespace chat::redis {

/// References into a Metrics that outlives it; connections of the same role share them. Any thread.
struct ConnectionMetrics {
  ConnectionMetrics(Metrics& metrics, const std::string& role)
      : connected(
            metrics.gauge("chat_redis_connections", "Connections to Redis that are ready", {{"role", role}})),
        connects(metrics.counter("chat_redis_connections_opened_total",
                                 "Redis connections that became ready, the first included",
                                 {{"role", role}})),
        lost(metrics.counter("chat_redis_connections_lost_total",
                             "Ready Redis connections that were lost or dropped", {{"role", role}})) {}

  prometheus::Gauge& connected;
  prometheus::Counter& connects;
  prometheus::Counter& lost;
};

}  // namespace chat::redis
