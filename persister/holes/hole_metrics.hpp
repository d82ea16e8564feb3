// The hole finder's metrics.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>

#include "common/metrics/metrics.hpp"

namespace chat::persister {

struct HoleMetrics {
  explicit HoleMetrics(Metrics& metrics)
      : stored(metrics.counter("chat_holes_stored_total",
                               "Messages that never reached Kafka and were stored from their room's stream")),
        lost(metrics.counter("chat_holes_lost_total",
                             "Numbers whose messages neither PostgreSQL, Kafka nor Redis has")),
        rooms(metrics.gauge("chat_hole_finder_rooms",
                            "Rooms whose newest numbers are not known to be stored yet")),
        last_pass(metrics.gauge("chat_hole_finder_last_pass_timestamp_seconds",
                                "When the last complete scan of the active rooms began, in seconds since "
                                "1970; all holes older than that are found")) {}

  prometheus::Counter& stored;
  prometheus::Counter& lost;
  prometheus::Gauge& rooms;
  prometheus::Gauge& last_pass;
};

}  // namespace chat::persister
