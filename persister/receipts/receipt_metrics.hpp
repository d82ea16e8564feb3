// Metrics of the receipts.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>

#include "common/metrics/metrics.hpp"

namespace chat::persister {

/// References into a Metrics that outlives it. Any thread.
struct ReceiptMetrics {
  explicit ReceiptMetrics(Metrics& metrics)
      : published(metrics.counter("chat_persister_receipts_published_total",
                                  "Publications that told gateways which numbers of a room are stored")),
        failed(metrics.counter("chat_persister_receipts_failed_total",
                               "Receipts that Redis did not take at once; they are sent again")),
        waiting(metrics.gauge("chat_persister_receipts_waiting",
                              "Rooms with receipts that Redis has not taken yet")) {}

  prometheus::Counter& published;
  prometheus::Counter& failed;
  prometheus::Gauge& waiting;
};

}  // namespace chat::persister
