#include "persister/pipeline/persister_metrics.hpp"

#include <string>

#include "common/metrics/stage_seconds.hpp"

namespace chat::persister {
namespace {

prometheus::Counter& audits(Metrics& metrics, const char* result) {
  return metrics.counter("chat_persister_position_audits_total",
                         "Comparisons of a partition's position with what Kafka has", {{"result", result}});
}

}  // namespace

PersisterMetrics::PersisterMetrics(Metrics& metrics)
    : consumed(metrics.counter("chat_persister_records_total", "Records read from Kafka")),
      stored(metrics.counter("chat_persister_stored_total", "Messages that became rows")),
      duplicates(metrics.counter("chat_persister_duplicates_total", "Messages whose row was there already")),
      pruned(metrics.counter("chat_persister_pruned_total",
                             "Messages that were read again and not stored, since a prune had deleted them")),
      batches(metrics.counter("chat_persister_batches_total", "Batches finished, their offsets committed")),
      pauses(metrics.counter("chat_persister_pauses_total", "Pauses after a database error")),
      alarms(metrics.counter("chat_persister_alarms_total",
                             "Times that PostgreSQL needed an operator: pauses, and rehearsals that failed")),
      retries(metrics.counter("chat_persister_retries_total", "Transactions repeated at once")),
      read_while_paused(metrics.counter("chat_persister_read_while_paused_total",
                                        "Records that came though the source was paused")),
      expired(metrics.counter("chat_persister_records_expired_total",
                              "Offsets that PostgreSQL does not have and Kafka no longer has")),
      audits_proven(audits(metrics, "proven")),
      audits_refuted(audits(metrics, "refuted")),
      audits_unanswered(audits(metrics, "unanswered")),
      paused(metrics.gauge("chat_persister_paused", "1 while paused after a database error")),
      last_commit(metrics.gauge("chat_persister_last_commit_timestamp_seconds",
                                "When the last transaction was committed, seconds since 1970")),
      transaction_seconds(
          metrics.histogram("chat_persister_transaction_seconds", "Duration of a transaction",
                            {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10})),
      store_seconds(stage_seconds(metrics, "store")),
      record_age_seconds(metrics.histogram(
          "chat_persister_record_age_seconds",
          "Age of a batch's oldest record by Kafka's timestamp when its rows were committed",
          {0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600, 14400, 86400})),
      metrics_(metrics) {
  for (const auto cause :
       {DeadLetterCause::undecodable, DeadLetterCause::refused, DeadLetterCause::id_reused})
    dead_letters(cause);
  for (const auto cause :
       {StartCause::behind, StartCause::emptied, StartCause::other_topic, StartCause::expired})
    rewinds(cause);
}

prometheus::Counter& PersisterMetrics::dead_letters(DeadLetterCause cause) {
  return metrics_.counter("chat_persister_dead_letters_total", "Records that can never be stored",
                          {{"cause", std::string(name(cause))}});
}

prometheus::Counter& PersisterMetrics::rewinds(StartCause cause) {
  return metrics_.counter("chat_persister_rewinds_total",
                          "Partitions read again because PostgreSQL or the topic changed",
                          {{"cause", std::string(name(cause))}});
}

prometheus::Gauge& PersisterMetrics::position(std::int32_t partition) {
  return metrics_.gauge("chat_persister_position", "The next offset to store",
                        {{"partition", std::to_string(partition)}});
}

}  // namespace chat::persister
