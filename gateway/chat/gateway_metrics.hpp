// The gateway's own metrics, created once at start.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include "common/metrics/metrics.hpp"
#include "gateway/bus/room_store.hpp"
#include "gateway/chat/error_code.hpp"

namespace chat::gateway {

/// References into a Metrics that outlives this. Any thread. Hot paths count once per batch.
struct GatewayMetrics {
  explicit GatewayMetrics(Metrics& metrics);

  prometheus::Gauge& connections;
  prometheus::Gauge& polling_sessions;
  prometheus::Gauge& rooms;
  prometheus::Counter& connections_opened;
  prometheus::Counter& frames_in;
  prometheus::Counter& sends_accepted;
  prometheus::Counter& sends_duplicate;
  prometheus::Counter& sends_expired;
  prometheus::Counter& acks;
  prometheus::Counter& receipts_sent;
  prometheus::Gauge& unstored;
  prometheus::Counter& joins;
  prometheus::Counter& pruned_joins;
  prometheus::Counter& pruned_pages;
  prometheus::Counter& recovered;
  prometheus::Counter& not_recovered;
  prometheus::Counter& typing_published;
  prometheus::Counter& typing_dropped;
  prometheus::Counter& presence_sent;
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
  prometheus::Counter& listener_errors;
  prometheus::Counter& refused_rooms;
  prometheus::Counter& refused_history;
  prometheus::Counter& refused_connections;
  prometheus::Counter& refused_sessions;
  prometheus::Gauge& outbox_bytes;
  prometheus::Histogram& accept_seconds;
  prometheus::Histogram& deliver_seconds;

  /// chat_errors_total{code}: every answer of type `error`.
  prometheus::Counter& errors(ErrorCode code);

  /// chat_resumes_total{source}.
  prometheus::Counter& resumes(PageSource source);

 private:
  Metrics& metrics_;
};

}  // namespace chat::gateway
