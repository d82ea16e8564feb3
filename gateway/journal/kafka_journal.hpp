// The journal on an idempotent Kafka producer.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "common/base/backoff.hpp"
#include "common/base/result.hpp"
#include "common/base/trouble.hpp"
#include "common/config/service_settings.hpp"
#include "common/kafka/producer.hpp"
#include "common/metrics/metrics.hpp"
#include "gateway/journal/batch_size.hpp"
#include "gateway/journal/capacity.hpp"
#include "gateway/journal/journal.hpp"
#include "gateway/journal/journal_metrics.hpp"
#include "gateway/journal/pending_records.hpp"

namespace chat::gateway {

struct KafkaJournalOptions {
  std::string client_id;  // as the brokers see it
  std::size_t max_records = 50'000;
  std::size_t max_bytes = 64 * 1024 * 1024;
};

/// Runs the calls on that worker's thread, in order; called from the journal's thread and must not block.
using PostToWorker = std::function<void(std::size_t worker, std::vector<std::function<void()>> calls)>;

/// Key = room, value = record JSON; records of a room reach their partition in the order of append().
/// One thread of its own drains the delivery reports and hands their calls over, one batch a worker. A
/// producer that failed for good is replaced, and everything pending is produced again in order (K4). So is
/// one whose batches Kafka finds too large, by one with smaller batches: librdkafka would send the same batch
/// again for ever.
class KafkaJournal : public Journal {
 public:
  /// The topic must exist. Throws std::runtime_error with one sentence where librdkafka refuses the settings.
  KafkaJournal(config::KafkaSettings settings, KafkaJournalOptions options, PostToWorker post,
               Metrics& metrics);
  ~KafkaJournal() override;

  bool reserve(std::size_t bytes) override;
  void release(std::size_t bytes) override;
  void append(JournalEntry entry) override;
  std::size_t record_limit_bytes() const override { return record_limit_.load(std::memory_order_relaxed); }
  bool healthy() const override;
  std::size_t depth() const override { return depth_.load(std::memory_order_relaxed); }

  /// The topic takes batches of so many bytes, as its settings say now. Batches follow it up and down. Any
  /// thread.
  void set_topic_limit(std::size_t bytes) { topic_limit_.store(bytes, std::memory_order_relaxed); }

  /// Why records do not get into Kafka, as far as the journal knows; none while they do, or while there are
  /// none. Any thread.
  std::optional<Trouble> trouble() const;

  /// Refuses every reserve() from now on and waits until all records are durable and their calls handed over,
  /// for at most `wait`. How many were not (K6): they may or may not be in Kafka, and their senders were not
  /// acknowledged. Any thread but the journal's own.
  std::size_t flush(std::chrono::milliseconds wait);

  /// Ends the thread; nothing is handed over any more, and what is pending stays so. Once.
  void stop();

 private:
  using Clock = std::chrono::steady_clock;

  struct Report {
    PendingRecord* record;
    kafka::DeliveryFault fault;
  };
  struct Settled {
    std::size_t delivered = 0;
    std::size_t refused = 0;
  };
  using Batches = std::vector<std::vector<std::function<void()>>>;

  Result<std::unique_ptr<kafka::Producer>> make_producer();
  void run();
  void turn();
  void settle_reports();
  Settled settle(std::size_t begin, std::size_t end, Batches& batches);
  std::optional<JournalRefusal> refusal_of(const Report& report) const;
  std::unique_ptr<PendingRecord> take(const PendingRecord& record);
  void add_calls(PendingRecord& record, Batches& batches);
  void add_refusals(PendingRecord& record, JournalRefusal refusal, Batches& batches);
  void note_failures();
  void follow_topic_limit();
  void shrink_batches();
  void retire(const std::string& reason);
  void drop_producer();
  void replace();
  void produce_waiting();
  bool produce_some();

  const config::KafkaSettings settings_;
  const KafkaJournalOptions options_;
  const PostToWorker post_;
  Metrics& metrics_;
  JournalMetrics figures_;
  Capacity capacity_;

  // The lock is held for single records by the workers, for a few hundred at a time by the thread.
  mutable std::mutex mutex_;
  std::condition_variable all_settled_;
  std::optional<Trouble> trouble_;  // of the last report, if it was bad
  PendingRecords pending_;
  std::unique_ptr<kafka::Producer> producer_;  // changed by the thread only
  bool is_direct_ = true;                      // none waits to be produced, so append() may
  std::size_t in_handover_ = 0;                // taken out of pending_, calls not yet posted

  std::atomic<bool> is_closing_{false};
  std::atomic<bool> is_rebuilding_{false};
  std::atomic<bool> is_stopping_{false};
  std::atomic<bool> has_broker_{true};
  std::atomic<std::size_t> depth_{0};
  std::atomic<Clock::rep> last_progress_{0};
  std::atomic<std::size_t> topic_limit_{0};  // 0: not known
  std::atomic<std::size_t> record_limit_{std::numeric_limits<std::size_t>::max()};

  // The thread's own.
  std::vector<Report> reports_;
  std::size_t failures_ = 0;
  int failure_error_ = 0;  // of the first failure in this turn
  std::string failure_;
  BatchSize batch_size_;                // of the producer
  bool needs_smaller_batches_ = false;  // it was told that one is too large
  Backoff backoff_;
  Clock::time_point produce_after_{};

  std::thread thread_;
};

}  // namespace chat::gateway
