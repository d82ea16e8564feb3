// The journal on an idempotent Kafka producer.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <thread>

#include "common/base/backoff.hpp"
#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "common/base/trouble.hpp"
#include "common/config/service_settings.hpp"
#include "common/kafka/producer.hpp"
#include "common/metrics/metrics.hpp"
#include "gateway/journal/batch_size.hpp"
#include "gateway/journal/delivery_reports.hpp"
#include "gateway/journal/journal.hpp"
#include "gateway/journal/journal_health.hpp"
#include "gateway/journal/journal_metrics.hpp"
#include "gateway/journal/journal_queue.hpp"
#include "gateway/journal/worker_calls.hpp"

namespace chat::gateway {

struct KafkaJournalOptions {
  std::string client_id;  // as the brokers see it
  std::size_t max_records = 50'000;
  std::size_t max_bytes = 64 * 1024 * 1024;
  tracing::Tracer* tracer = nullptr;  // outlives the journal; null: nothing is traced
};

/// The key is the room, the value the record's JSON. Records of a room reach their partition in the order of
/// append(). A thread takes the delivery reports and posts their calls, one batch a worker. A producer that
/// failed for good is replaced, and all pending records are produced again in their order. A producer whose
/// batches Kafka finds too large is replaced by one with smaller batches: librdkafka would send the same
/// batch again for ever.
class KafkaJournal : public Journal {
 public:
  /// The topic must exist. `metrics` and `clock` outlive it. Throws std::runtime_error with one sentence
  /// where librdkafka refuses the settings.
  KafkaJournal(config::KafkaSettings settings, KafkaJournalOptions options, PostToWorker post,
               Metrics& metrics, const Clock& clock = Clock::real());
  ~KafkaJournal() override;

  bool reserve(std::size_t bytes) override;
  void release(std::size_t bytes) override;
  void append(JournalEntry entry) override;
  std::size_t record_limit_bytes() const override { return record_limit_.load(std::memory_order_relaxed); }
  bool healthy() const override { return health_.healthy(queue_.is_stalled(clock_.now())); }
  std::size_t depth() const override { return queue_.depth(); }

  /// The topic takes batches of so many bytes, as its settings say now. Batches follow it up and down. Any
  /// thread.
  void set_topic_limit(std::size_t bytes) { topic_limit_.store(bytes, std::memory_order_relaxed); }

  /// Why records do not get into Kafka, as far as the journal knows; none while they do, or while there are
  /// none. Any thread.
  std::optional<Trouble> trouble() const { return health_.trouble(queue_.is_stalled(clock_.now())); }

  /// Refuses every reserve() from now on and waits until all records are durable and their calls were posted,
  /// for at most `wait`. How many were not durable: these may or may not be in Kafka, and their senders were
  /// not acknowledged. Any thread but the journal's own.
  std::size_t flush(std::chrono::milliseconds wait);

  /// Ends the thread; no more calls are posted, and pending records stay pending. Call it once.
  void stop();

 private:
  Result<std::unique_ptr<kafka::Producer>> make_producer();
  void run();
  void turn();
  void serve_producer();
  void take_reports();
  void finish(std::span<const RecordReport> reports);
  void note_failures(const DeliveryFailures& failures);
  void follow_topic_limit();
  void shrink_batches();
  void retire(const std::string& reason);
  void drop_producer();
  void replace();
  void produce_waiting();

  const config::KafkaSettings settings_;
  const KafkaJournalOptions options_;
  const PostToWorker post_;
  Metrics& metrics_;
  const Clock& clock_;
  JournalMetrics figures_;
  JournalQueue queue_;
  JournalHealth health_;

  std::atomic<bool> is_closing_{false};
  std::atomic<bool> is_stopping_{false};
  std::atomic<std::size_t> topic_limit_{0};  // 0: not known
  std::atomic<std::size_t> record_limit_{std::numeric_limits<std::size_t>::max()};

  // The thread's own.
  DeliveryReports reports_;
  BatchSize batch_size_;                // of the producer
  bool needs_smaller_batches_ = false;  // it was told that one is too large
  Backoff backoff_;
  Clock::TimePoint produce_after_{};

  std::thread thread_;
};

}  // namespace chat::gateway
