// The gateway's own metrics, created once at start.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include "common/metrics/metrics.hpp"
#include "gateway/chat/error_code.hpp"

namespace chat::gateway {

/// References into a Metrics that outlives this. Any thread. Hot paths count once per batch.
struct GatewayMetrics {
  explicit GatewayMetrics(Metrics& metrics);

  prometheus::Gauge& connections;
  prometheus::Gauge& polling_sessions;
  prometheus::Gauge& rooms;
  prometheus::Counter& connections_total;
  prometheus::Counter& frames_in;
  prometheus::Counter& sends_accepted;
  prometheus::Counter& sends_duplicate;
  prometheus::Counter& sends_expired;
  prometheus::Counter& acks;
  prometheus::Counter& stored_sent;
  prometheus::Gauge& stored_waiting;
  prometheus::Counter& joins;
  prometheus::Counter& joins_from_ring;
  prometheus::Counter& pruned_joins;
  prometheus::Counter& pruned_pages;
  prometheus::Counter& recovered;
  prometheus::Counter& not_recovered;
  prometheus::Counter& typing_told;
  prometheus::Counter& typing_dropped;
  prometheus::Counter& presence_told;
  prometheus::Gauge& presence_rooms;
  prometheus::Counter& publications;
  prometheus::Counter& publications_dropped;
  prometheus::Counter& publications_left_behind;
  prometheus::Gauge& backlog_bytes;
  prometheus::Gauge& held_bytes;
  prometheus::Counter& frames_encoded;
  prometheus::Counter& deliveries;
  prometheus::Counter& gaps_detected;
  prometheus::Counter& gaps_repaired;
  prometheus::Counter& gaps_unrepaired;
  prometheus::Counter& late_epochs;
  prometheus::Counter& slow_consumers;
  prometheus::Counter& shed_clients;
  prometheus::Counter& accept_errors;

  /// chat_errors_total{code}: every answer of type `error`.
  prometheus::Counter& errors(ErrorCode code);

 private:
  Metrics& metrics_;
};

}  // namespace chat::gateway
