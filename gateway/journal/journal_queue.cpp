#include "gateway/journal/journal_queue.hpp"

#include <utility>

#include "common/base/bug.hpp"
#include "common/log/log.hpp"
#include "gateway/journal/delivery_verdict.hpp"

namespace chat::gateway {
namespace {

constexpr std::chrono::seconds stall_limit{10};

void log_refusal(const PendingRecord& record, JournalRefusal refusal) {
  log::error(
      refusal == JournalRefusal::too_large
          ? "Kafka refuses a message for good, since it is larger than the topic allows; its sender is told. "
            "Raise max.message.bytes and segment.bytes of the topic"
          : "Kafka refuses a message for good, since it breaks a rule of the topic; its sender is told. "
            "See the broker's log for the rule",
      {{"room", record.room}, {"id", to_string(record.id)}, {"bytes", record.value.size()}});
}

}  // namespace

void JournalQueue::append(PendingRecord record, std::size_t reserved_bytes) {
  const auto held_bytes = record.held_bytes;
  const auto now = record.appended.time_since_epoch().count();
  const std::lock_guard lock(mutex_);
  CHAT_BUG(pending_.size() >= capacity_.records(), "a record came into the journal without a slot");
  PendingRecord* added = pending_.add(std::move(record));
  if (added == nullptr) {
    // The slot stays taken until the report, so that retries cannot pile up calls without bound.
    capacity_.give_back(0, reserved_bytes);
    return;
  }
  capacity_.add_bytes(held_bytes - reserved_bytes);
  if (depth_.fetch_add(1, std::memory_order_relaxed) == 0)
    last_progress_.store(now, std::memory_order_relaxed);
  if (is_direct_ && give_to_producer(*added)) {
    pending_.produced(*added);
    figures_.produced.Increment();
    return;
  }
  is_direct_ = false;
  pending_.await_producing(*added);
}

bool JournalQueue::is_stalled(TimePoint now) const {
  const TimePoint last_progress{TimePoint::duration{last_progress_.load(std::memory_order_relaxed)}};
  return depth() > 0 && now - last_progress >= stall_limit;
}

std::size_t JournalQueue::wait_until_empty(std::chrono::milliseconds wait) {
  std::unique_lock lock(mutex_);
  emptied_.wait_for(lock, wait, [this] { return pending_.empty() && in_handover_ == 0; });
  return pending_.size();
}

std::unique_ptr<kafka::Producer> JournalQueue::take_producer() {
  const std::lock_guard lock(mutex_);
  is_direct_ = false;
  return std::move(producer_);
}

void JournalQueue::use_producer(std::unique_ptr<kafka::Producer> producer) {
  const std::lock_guard lock(mutex_);
  producer_ = std::move(producer);
  // Including the records for which the last producer gave no report.
  pending_.await_producing_all();
}

JournalQueue::Finished JournalQueue::finish(std::span<const RecordReport> reports, const BatchSize& batches,
                                            TimePoint now) {
  Finished finished;
  const std::lock_guard lock(mutex_);
  for (const RecordReport& report : reports) finish(report, batches, now, finished);
  in_handover_ += finished.calls.records();
  depth_.fetch_sub(finished.calls.records(), std::memory_order_relaxed);
  CHAT_BUG(depth() != pending_.size(), "the journal's depth is not the number of its records");
  return finished;
}

void JournalQueue::finish(const RecordReport& report, const BatchSize& batches, TimePoint now,
                          Finished& finished) {
  PendingRecord& record = *report.record;
  const auto bytes = record.value.size() + record.room.size() + SendTrace::header_bytes(record);
  auto verdict = judge_delivery(report.fault, bytes, batches);
  if (CHAT_BUG(!record.is_produced, "a delivery report came for a record that no producer had"))
    verdict = DeliveryVerdict::produce_again;
  switch (verdict) {
    case DeliveryVerdict::durable: {
      const auto taken = take(record);
      figures_.seconds.Observe(std::chrono::duration<double>(now - taken->appended).count());
      trace_.end(*taken, {});
      return finished.calls.add_durable(*taken);
    }
    case DeliveryVerdict::too_large:
      // Whether a message is traced must not decide whether it is taken.
      if (std::exchange(record.carries_trace, false)) break;
      return refuse(record, JournalRefusal::too_large, finished.calls);
    case DeliveryVerdict::invalid:
      return refuse(record, JournalRefusal::invalid, finished.calls);
    case DeliveryVerdict::produce_smaller:
      finished.needs_smaller_batches = true;
      break;
    case DeliveryVerdict::produce_again:
      break;
  }
  is_direct_ = false;
  pending_.await_producing(record);
}

void JournalQueue::refuse(PendingRecord& record, JournalRefusal refusal, WorkerCalls& calls) {
  log_refusal(record, refusal);
  trace_.end(record, "Kafka refuses the record");
  calls.add_refused(*take(record), refusal);
}

bool JournalQueue::give_to_producer(PendingRecord& record) {
  if (record.carries_trace)
    return producer_->produce(record.room, record.value, SendTrace::headers(record), &record);
  return producer_->produce(record.room, record.value, &record);
}

std::unique_ptr<PendingRecord> JournalQueue::take(const PendingRecord& record) {
  auto taken = pending_.take(record);
  capacity_.give_back(taken->waiters.size(), taken->held_bytes);
  CHAT_BUG(pending_.size() > capacity_.records(), "a record in the journal has lost its slot");
  return taken;
}

void JournalQueue::note_posted(std::size_t records, TimePoint now) {
  last_progress_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
  const std::lock_guard lock(mutex_);
  CHAT_BUG(in_handover_ < records, "more records were handed over than have left the journal");
  in_handover_ -= records;
  if (pending_.empty() && in_handover_ == 0) emptied_.notify_all();
}

JournalQueue::Produced JournalQueue::produce_some() {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < records_per_lock; ++i) {
    PendingRecord* record = pending_.next_to_produce();
    if (record == nullptr) {
      is_direct_ = true;
      return Produced::all;
    }
    if (!give_to_producer(*record)) return Produced::none_fits;
    pending_.produced(*record);
    figures_.produced.Increment();
  }
  return Produced::some;
}

}  // namespace chat::gateway
