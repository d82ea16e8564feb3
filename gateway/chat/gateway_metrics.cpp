#include "gateway/chat/gateway_metrics.hpp"

#include <string>
#include <string_view>

#include "common/metrics/refusals.hpp"
#include "common/metrics/stage_seconds.hpp"

namespace chat::gateway {
namespace {

std::string_view name_of(PageSource source) {
  switch (source) {
    case PageSource::memory:
      return "memory";
    case PageSource::redis:
      return "redis";
    case PageSource::redis_and_postgres:
      break;
  }
  return "redis_and_postgres";
}

}  // namespace

GatewayMetrics::GatewayMetrics(Metrics& metrics)
    : connections(
          metrics.gauge("chat_connections", "Clients that are connected: WebSockets and polling sessions")),
      polling_sessions(metrics.gauge("chat_polling_sessions", "Socket.IO sessions over long polling")),
      rooms(metrics.gauge("chat_rooms", "Rooms with a local member, summed over the workers")),
      connections_opened(metrics.counter("chat_connections_opened_total",
                                         "Clients that connected: WebSockets and Socket.IO namespaces")),
      frames_in(metrics.counter("chat_frames_received_total", "Client frames read")),
      sends_accepted(metrics.counter("chat_sends_accepted_total", "Messages that got their number here")),
      sends_duplicate(metrics.counter("chat_sends_duplicate_total", "Retries of an id that had its number")),
      sends_expired(metrics.counter("chat_sends_expired_total",
                                    "Sends answered unavailable since no delivery report came in time")),
      acks(metrics.counter("chat_acks_total", "Acknowledgements sent")),
      receipts_sent(metrics.counter("chat_receipts_sent_total", "Stored receipts sent")),
      unstored(metrics.gauge("chat_unstored_messages",
                             "Messages of connected senders that are not known to be stored")),
      joins(metrics.counter("chat_joins_total", "Joins answered")),
      pruned_joins(metrics.counter("chat_pruned_answers_total",
                                   "Answers that say that older messages were deleted", {{"to", "join"}})),
      pruned_pages(metrics.counter("chat_pruned_answers_total",
                                   "Answers that say that older messages were deleted", {{"to", "history"}})),
      recovered(metrics.counter("chat_recoveries_total", "Socket.IO clients that came back",
                                {{"outcome", "recovered"}})),
      not_recovered(metrics.counter("chat_recoveries_total", "Socket.IO clients that came back",
                                    {{"outcome", "incomplete"}})),
      typing_published(
          metrics.counter("chat_typing_published_total", "Typing of own clients passed on to their rooms")),
      typing_dropped(metrics.counter("chat_typing_dropped_total",
                                     "Typing dropped since a session or room had more of it than it may")),
      presence_sent(metrics.counter("chat_presence_sent_total",
                                    "Changes of a room's presence sent to members that asked for it")),
      presence_rooms(
          metrics.gauge("chat_presence_rooms", "Rooms in which members of some gateway asked for presence")),
      publications(metrics.counter("chat_publications_total", "Publications received from Redis")),
      publications_dropped(metrics.counter("chat_publications_dropped_total",
                                           "Publications dropped as already shown or unreadable")),
      publications_left_behind(
          metrics.counter("chat_publications_left_behind_total",
                          "Publications that were not handed on since a worker was too far behind; its rooms "
                          "read them from the stream later")),
      backlog_bytes(metrics.gauge("chat_worker_backlog_bytes",
                                  "Messages that were handed to the workers and not yet to their members")),
      held_bytes(
          metrics.gauge("chat_join_held_bytes", "Messages that are held for joins while their room is read")),
      frames_encoded(metrics.counter("chat_frames_encoded_total", "Room message frames encoded")),
      deliveries(metrics.counter("chat_deliveries_total", "Room message frames handed to members")),
      gaps_detected(metrics.counter("chat_gaps_detected_total", "Holes seen in a room's numbers")),
      gaps_repaired(metrics.counter("chat_gaps_repaired_total", "Holes filled from the stream")),
      gaps_unrepaired(metrics.counter("chat_gaps_unrepaired_total", "Holes that could not be proven filled")),
      late_epochs(metrics.counter("chat_late_epochs_total",
                                  "Messages shown although their epoch is below one that was shown before")),
      slow_consumers(metrics.counter("chat_slow_consumers_total", "Connections closed with 4000")),
      shed_clients(
          metrics.counter("chat_shed_clients_total", "Clients sent to other gateways by POST /admin/shed")),
      listener_errors(metrics.counter("chat_listener_errors_total", "Failures to accept a connection")),
      refused_rooms(refusals(metrics, "rooms")),
      refused_history(refusals(metrics, "history_requests")),
      refused_connections(refusals(metrics, "connections")),
      refused_sessions(refusals(metrics, "sessions")),
      outbox_bytes(metrics.gauge("chat_outbox_bytes",
                                 "Bytes that wait for slow clients, with 64 bytes for each frame")),
      accept_seconds(stage_seconds(metrics, "accept")),
      deliver_seconds(stage_seconds(metrics, "deliver")),
      metrics_(metrics) {
  for (int code = 0; code <= static_cast<int>(ErrorCode::internal); ++code)
    errors(static_cast<ErrorCode>(code));
  for (const auto source : {PageSource::memory, PageSource::redis, PageSource::redis_and_postgres})
    resumes(source);
}

prometheus::Counter& GatewayMetrics::resumes(PageSource source) {
  return metrics_.counter("chat_resumes_total",
                          "Pages for clients that joined with a cursor, by where the messages came from",
                          {{"source", std::string(name_of(source))}});
}

prometheus::Counter& GatewayMetrics::errors(ErrorCode code) {
  return metrics_.counter("chat_errors_total", "Errors sent to clients", {{"code", std::string(name(code))}});
}

}  // namespace chat::gateway
