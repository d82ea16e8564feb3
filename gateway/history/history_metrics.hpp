// Metrics of the reads of PostgreSQL.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/histogram.h>

#include "common/metrics/metrics.hpp"
#include "common/metrics/refusals.hpp"
#include "gateway/bus/read_cause.hpp"

namespace chat::gateway {

struct HistoryMetrics {
  explicit HistoryMetrics(Metrics& metrics)
      : pages(metrics, reads_name, reads_help),
        receipts(metrics.counter(reads_name, reads_help, {{"cause", "receipts"}})),
        proofs(metrics.counter(reads_name, reads_help, {{"cause", "proof"}})),
        failures(metrics.counter("chat_postgres_read_failures_total",
                                 "Reads for clients that PostgreSQL did not answer")),
        refused(refusals(metrics, "postgres_queue")),
        waits_stored(metrics.counter(waits_name, waits_help, {{"result", "stored"}})),
        waits_late(metrics.counter(waits_name, waits_help, {{"result", "late"}})),
        seconds(metrics.histogram("chat_postgres_read_seconds", "Duration of a read for clients",
                                  {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10})) {
  }

  static constexpr const char* reads_name = "chat_postgres_reads_total";
  static constexpr const char* reads_help =
      "Reads of PostgreSQL by cause: pages of rooms; receipts: which of the waiting senders' messages are "
      "stored; proof: how far PostgreSQL is with Kafka";
  static constexpr const char* waits_name = "chat_position_waits_total";
  static constexpr const char* waits_help =
      "Waits for PostgreSQL to have all that Kafka has, by how they ended";

  ReadCounters pages;
  prometheus::Counter& receipts;
  prometheus::Counter& proofs;
  prometheus::Counter& failures;
  prometheus::Counter& refused;
  prometheus::Counter& waits_stored;
  prometheus::Counter& waits_late;
  prometheus::Histogram& seconds;
};

}  // namespace chat::gateway
