// Metrics of the reads of PostgreSQL.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/histogram.h>

#include "common/metrics/metrics.hpp"

namespace chat::gateway {

struct HistoryMetrics {
  explicit HistoryMetrics(Metrics& metrics)
      : reads(metrics.counter("chat_history_reads_total", "Pages read from PostgreSQL")),
        stored_questions(metrics.counter("chat_history_stored_questions_total",
                                         "Queries for which of the waiting senders' messages are stored")),
        failures(metrics.counter("chat_history_failures_total",
                                 "Pages and stored questions that PostgreSQL did not answer")),
        refused(metrics.counter("chat_history_refused_total",
                                "Pages and stored questions refused since too many were waiting")),
        waits_stored(metrics.counter("chat_history_settled_total",
                                     "Waits for PostgreSQL to have all that Kafka has, by how they ended",
                                     {{"result", "stored"}})),
        waits_late(metrics.counter("chat_history_settled_total",
                                   "Waits for PostgreSQL to have all that Kafka has, by how they ended",
                                   {{"result", "late"}})),
        seconds(metrics.histogram("chat_history_read_seconds", "One page from PostgreSQL",
                                  {0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10})) {}

  prometheus::Counter& reads;
  prometheus::Counter& stored_questions;
  prometheus::Counter& failures;
  prometheus::Counter& refused;
  prometheus::Counter& waits_stored;
  prometheus::Counter& waits_late;
  prometheus::Histogram& seconds;
};

}  // namespace chat::gateway
