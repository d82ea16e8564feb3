// Metrics of what the gateway asks of Redis.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>

#include "common/metrics/metrics.hpp"

namespace chat::gateway {

/// References into a Metrics that outlives it; the parts of a gateway share them. Any thread.
struct BusMetrics {
  explicit BusMetrics(Metrics& metrics)
      : probe_failures(
            metrics.counter("chat_redis_probe_failures_total", "Probes that Redis did not answer in time")),
        epochs_unproven(
            metrics.gauge("chat_epochs_unproven",
                          "1 while Redis may begin no epoch: new rooms, and all rooms after Redis started "
                          "anew, take no messages")),
        epoch_proofs(metrics.counter("chat_epoch_proofs_total",
                                     "Times that this gateway proved to Redis where its new epochs begin")),
        memory_used(metrics.gauge("chat_redis_memory_used_bytes",
                                  "Memory that Redis uses, as it last told this gateway")),
        memory_max(metrics.gauge("chat_redis_memory_max_bytes",
                                 "Redis's maxmemory, beyond which it refuses writes; 0: no bound")) {}

  prometheus::Counter& probe_failures;
  prometheus::Gauge& epochs_unproven;
  prometheus::Counter& epoch_proofs;
  prometheus::Gauge& memory_used;
  prometheus::Gauge& memory_max;
};

}  // namespace chat::gateway
