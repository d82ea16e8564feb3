// The persister's own counters, made once at start.
#pragma once

#include <cstdint>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include "common/metrics/metrics.hpp"
#include "persister/pipeline/batch.hpp"
#include "persister/pipeline/start_decision.hpp"

namespace chat::persister {

/// References into a Metrics that outlives it. Any thread.
struct PersisterMetrics {
  explicit PersisterMetrics(Metrics& metrics);

  prometheus::Counter& consumed;
  prometheus::Counter& stored;
  prometheus::Counter& duplicates;
  prometheus::Counter& pruned;
  prometheus::Counter& batches;
  prometheus::Counter& pauses;
  prometheus::Counter& alarms;
  prometheus::Counter& retries;
  prometheus::Counter& read_while_paused;
  prometheus::Counter& expired;
  prometheus::Counter& audits_proven;
  prometheus::Counter& audits_refuted;
  prometheus::Counter& audits_unanswered;
  prometheus::Gauge& paused;
  prometheus::Gauge& last_commit;
  prometheus::Histogram& transaction_seconds;
  prometheus::Histogram& store_seconds;
  prometheus::Histogram& record_age_seconds;

  /// chat_persister_dead_letters_total{cause}.
  prometheus::Counter& dead_letters(DeadLetterCause cause);

  /// chat_persister_rewinds_total{cause}.
  prometheus::Counter& rewinds(StartCause cause);

  /// chat_persister_position{partition}.
  prometheus::Gauge& position(std::int32_t partition);

 private:
  Metrics& metrics_;
};

}  // namespace chat::persister
