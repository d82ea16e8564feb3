// The records on their way into Kafka and the producer that takes them, under one lock.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <utility>

#include "common/base/clock.hpp"
#include "common/kafka/producer.hpp"
#include "gateway/journal/batch_size.hpp"
#include "gateway/journal/capacity.hpp"
#include "gateway/journal/delivery_reports.hpp"
#include "gateway/journal/journal_metrics.hpp"
#include "gateway/journal/pending_records.hpp"
#include "gateway/journal/send_trace.hpp"
#include "gateway/journal/worker_calls.hpp"

namespace chat::gateway {

/// Workers hold the lock for single records, the journal's thread for a few hundred at a time.
class JournalQueue {
 public:
  using TimePoint = Clock::TimePoint;

  JournalQueue(std::size_t max_records, std::size_t max_bytes, JournalMetrics& figures,
               SendTrace trace = {nullptr, {}, Clock::real()})
      : figures_(figures), capacity_(max_records, max_bytes), trace_(std::move(trace)) {}

  // Any thread.

  /// Takes one slot and `bytes`, or nothing.
  bool reserve(std::size_t bytes) { return capacity_.take(bytes); }
  void release(std::size_t bytes) { capacity_.give_back(1, bytes); }

  /// Takes the record, or adds its waiters to those of the same record. Produces it at once unless others
  /// wait to be produced before it.
  void append(PendingRecord record, std::size_t reserved_bytes);

  /// Records without their final report.
  std::size_t depth() const { return depth_.load(std::memory_order_relaxed); }
  std::size_t bytes() const { return capacity_.bytes(); }

  /// There are records, and none of them got its report for 10 s.
  bool is_stalled(TimePoint now) const;

  /// Waits until all records have their report and their calls were posted. How many have not.
  std::size_t wait_until_empty(std::chrono::milliseconds wait);

  // The journal's thread.

  /// Null while there is none.
  kafka::Producer* producer() const { return producer_.get(); }

  /// From now on records are only kept.
  std::unique_ptr<kafka::Producer> take_producer();

  /// All records have to be produced (again), in their order.
  void use_producer(std::unique_ptr<kafka::Producer> producer);

  struct Finished {
    WorkerCalls calls;
    bool needs_smaller_batches = false;
  };
  /// Takes the records out whose reports are final; the others have to be produced again. At most
  /// records_per_lock reports. The calls must be posted, and then note_posted() be told of their records.
  Finished finish(std::span<const RecordReport> reports, const BatchSize& batches, TimePoint now);
  void note_posted(std::size_t records, TimePoint now);
  static constexpr std::size_t records_per_lock = 256;

  /// `none_fits`: the producer's queue is full; there is space again after some reports.
  enum class Produced { all, some, none_fits };
  /// Gives the producer some of the records that wait for it.
  Produced produce_some();

 private:
  void finish(const RecordReport& report, const BatchSize& batches, TimePoint now, Finished& finished);
  void refuse(PendingRecord& record, JournalRefusal refusal, WorkerCalls& calls);
  bool give_to_producer(PendingRecord& record);
  std::unique_ptr<PendingRecord> take(const PendingRecord& record);

  JournalMetrics& figures_;
  Capacity capacity_;
  const SendTrace trace_;
  std::mutex mutex_;
  std::condition_variable emptied_;
  PendingRecords pending_;
  std::unique_ptr<kafka::Producer> producer_;  // changed by the thread only
  bool is_direct_ = true;                      // none waits to be produced, so append() may
  std::size_t in_handover_ = 0;                // taken out of pending_, calls not yet posted
  std::atomic<std::size_t> depth_{0};
  std::atomic<TimePoint::rep> last_progress_{0};
};

}  // namespace chat::gateway
