// The journal's metrics.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include "common/metrics/metrics.hpp"
#include "common/metrics/refusals.hpp"
#include "common/metrics/stage_seconds.hpp"

namespace chat::gateway {

struct JournalMetrics {
  explicit JournalMetrics(Metrics& metrics)
      : records(metrics.gauge("chat_journal_records",
                              "Records on their way into Kafka, whose delivery report is out")),
        bytes(metrics.gauge("chat_journal_bytes", "Bytes held for records and reservations of the journal")),
        produced(metrics.counter("chat_journal_produced_total", "Records given to the Kafka producer")),
        delivered(metrics.counter("chat_journal_delivered_total", "Records with a good delivery report")),
        retried(
            metrics.counter("chat_journal_retried_total", "Bad delivery reports; each is produced again")),
        rebuilds(metrics.counter("chat_journal_producers_replaced_total",
                                 "Producers replaced after a fatal error")),
        undeliverable(metrics.counter("chat_journal_undeliverable_total",
                                      "Records that Kafka refused in a batch of their own, for their size or "
                                      "content; their senders were told")),
        batch_bytes(metrics.gauge("chat_journal_batch_bytes",
                                  "Largest batch that is sent to Kafka; it shrinks where the topic's limit "
                                  "is lower")),
        max_records(metrics.gauge("chat_journal_max_records", "Records above which senders get overloaded")),
        max_bytes(metrics.gauge("chat_journal_max_bytes", "Bytes above which senders get overloaded")),
        refused(refusals(metrics, "journal")),
        seconds(stage_seconds(metrics, "log")) {}

  prometheus::Gauge& records;
  prometheus::Gauge& bytes;
  prometheus::Counter& produced;
  prometheus::Counter& delivered;
  prometheus::Counter& retried;
  prometheus::Counter& rebuilds;
  prometheus::Counter& undeliverable;
  prometheus::Gauge& batch_bytes;
  prometheus::Gauge& max_records;
  prometheus::Gauge& max_bytes;
  prometheus::Counter& refused;
  prometheus::Histogram& seconds;
};

}  // namespace chat::gateway
