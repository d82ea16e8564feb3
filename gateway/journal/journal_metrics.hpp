// The journal's metrics.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include "common/metrics/metrics.hpp"

namespace chat::gateway {

struct JournalMetrics {
  explicit JournalMetrics(Metrics& metrics)
      : depth(metrics.gauge("chat_journal_depth", "Records whose delivery report is out")),
        bytes(metrics.gauge("chat_journal_bytes", "Bytes held for records and reservations of the journal")),
        produced(metrics.counter("chat_journal_produced_total", "Records given to the Kafka producer")),
        delivered(metrics.counter("chat_journal_delivered_total", "Records with a good delivery report")),
        retried(
            metrics.counter("chat_journal_retried_total", "Bad delivery reports; each is produced again")),
        rebuilds(metrics.counter("chat_journal_producer_rebuilds_total",
                                 "Producers replaced after a fatal error")),
        undeliverable(metrics.counter("chat_journal_undeliverable_total",
                                      "Records that Kafka refused in a batch of their own, for their size or "
                                      "content; their senders were told")),
        batch_bytes(metrics.gauge("chat_journal_batch_bytes",
                                  "Largest batch that is sent to Kafka; it shrinks where the topic's limit "
                                  "is lower")),
        refused(metrics.counter("chat_journal_refused_total",
                                "Reservations that the journal refused; their senders were told overloaded")),
        seconds(metrics.histogram("chat_journal_durable_seconds", "From append to the good delivery report",
                                  {0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60})) {}

  prometheus::Gauge& depth;
  prometheus::Gauge& bytes;
  prometheus::Counter& produced;
  prometheus::Counter& delivered;
  prometheus::Counter& retried;
  prometheus::Counter& rebuilds;
  prometheus::Counter& undeliverable;
  prometheus::Gauge& batch_bytes;
  prometheus::Counter& refused;
  prometheus::Histogram& seconds;
};

}  // namespace chat::gateway
