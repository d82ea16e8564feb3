#include "gateway/journal/kafka_journal.hpp"

#include <algorithm>
#include <utility>

#include "common/log/log.hpp"

namespace chat::gateway {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds poll_wait{100};
constexpr milliseconds abandon_wait{2'000};
constexpr std::chrono::seconds stall_limit{10};
constexpr std::size_t records_per_lock = 256;

}  // namespace

KafkaJournal::KafkaJournal(config::KafkaSettings settings, KafkaJournalOptions options, PostToWorker post,
                           Metrics& metrics)
    : settings_(std::move(settings)),
      options_(std::move(options)),
      post_(std::move(post)),
      metrics_(metrics),
      figures_(metrics),
      capacity_(options_.max_records, options_.max_bytes),
      backoff_(milliseconds{100}, milliseconds{5'000}) {
  producer_ = make_producer().value();
  thread_ = std::thread([this] { run(); });
}

KafkaJournal::~KafkaJournal() {
  stop();
}

Result<std::unique_ptr<kafka::Producer>> KafkaJournal::make_producer() {
  kafka::ProducerOptions options;
  options.client_id = options_.client_id;
  options.name = "journal";
  options.topic = settings_.topic;
  // The journal's own bound is the one that holds; librdkafka's only has to be wider.
  options.max_records = options_.max_records * 2;
  options.max_kibibytes = options_.max_bytes / 1024 * 4 + 1024;
  const auto note = [this](const kafka::DeliveryReport& report) {
    reports_.push_back({static_cast<PendingRecord*>(report.tag), report.is_durable});
    if (!report.is_durable && failures_++ == 0) failure_ = report.error;
  };
  return kafka::Producer::make(settings_, options, note, metrics_);
}

bool KafkaJournal::reserve(std::size_t bytes) {
  if (!is_closing_.load(std::memory_order_relaxed) && !is_rebuilding_.load(std::memory_order_relaxed) &&
      capacity_.take(bytes))
    return true;
  figures_.refused.Increment();
  return false;
}

void KafkaJournal::release(std::size_t bytes) {
  capacity_.give_back(1, bytes);
}

void KafkaJournal::append(JournalEntry entry) {
  PendingRecord record;
  record.id = entry.record.id;
  record.value = encode_record(entry.record);
  record.room = std::move(entry.record.room);
  record.held_bytes = std::max(entry.reserved_bytes, record.value.size());
  record.appended = Clock::now();
  record.waiters.push_back({entry.worker, std::move(entry.on_durable)});
  const auto held_bytes = record.held_bytes;
  const auto now = record.appended.time_since_epoch().count();

  const std::lock_guard lock(mutex_);
  PendingRecord* added = pending_.add(std::move(record));
  if (added == nullptr) {
    // Its place stays taken until the report, or else retries could pile up calls without bound.
    capacity_.give_back(0, entry.reserved_bytes);
    return;
  }
  capacity_.add_bytes(held_bytes - entry.reserved_bytes);
  if (depth_.fetch_add(1, std::memory_order_relaxed) == 0)
    last_progress_.store(now, std::memory_order_relaxed);
  if (is_direct_ && producer_->produce(added->room, added->value, added)) {
    figures_.produced.Increment();
    return;
  }
  is_direct_ = false;
  pending_.await_producing(*added);
}

bool KafkaJournal::healthy() const {
  if (is_rebuilding_.load(std::memory_order_relaxed) || !has_broker_.load(std::memory_order_relaxed))
    return false;
  const Clock::time_point last_progress{Clock::duration{last_progress_.load(std::memory_order_relaxed)}};
  return depth() == 0 || Clock::now() - last_progress < stall_limit;
}

std::size_t KafkaJournal::flush(milliseconds wait) {
  is_closing_ = true;
  std::unique_lock lock(mutex_);
  all_settled_.wait_for(lock, wait, [this] { return pending_.empty() && in_handover_ == 0; });
  return pending_.size();
}

void KafkaJournal::stop() {
  is_closing_ = true;
  is_stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

void KafkaJournal::run() {
  while (!is_stopping_) turn();
  std::unique_ptr<kafka::Producer> last;
  {
    const std::lock_guard lock(mutex_);
    is_direct_ = false;
    last = std::move(producer_);
  }
  // Destroying it drops what is still queued, without reports.
  last.reset();
}

void KafkaJournal::turn() {
  if (producer_) {
    producer_->poll(poll_wait);
    settle_reports();
    if (const auto reason = producer_->fatal_error()) retire(*reason);
  } else {
    replace();
  }
  if (producer_) {
    produce_waiting();
    has_broker_ = producer_->has_broker();
  }
  figures_.depth.Set(static_cast<double>(depth()));
  figures_.bytes.Set(static_cast<double>(capacity_.bytes()));
}

void KafkaJournal::settle_reports() {
  for (std::size_t begin = 0; begin < reports_.size(); begin += records_per_lock) {
    Batches batches;
    const std::size_t end = std::min(begin + records_per_lock, reports_.size());
    const std::size_t delivered = settle(begin, end, batches);
    if (delivered == 0) continue;
    for (std::size_t worker = 0; worker < batches.size(); ++worker)
      if (!batches[worker].empty()) post_(worker, std::move(batches[worker]));
    figures_.delivered.Increment(static_cast<double>(delivered));
    last_progress_.store(Clock::now().time_since_epoch().count(), std::memory_order_relaxed);
    backoff_.reset();
    const std::lock_guard lock(mutex_);
    in_handover_ -= delivered;
    if (pending_.empty() && in_handover_ == 0) all_settled_.notify_all();
  }
  reports_.clear();
  if (failures_ > 0) note_failures();
}

std::size_t KafkaJournal::settle(std::size_t begin, std::size_t end, Batches& batches) {
  const auto now = Clock::now();
  std::size_t delivered = 0;
  const std::lock_guard lock(mutex_);
  for (std::size_t i = begin; i < end; ++i) {
    PendingRecord& record = *reports_[i].record;
    if (!reports_[i].is_durable) {
      is_direct_ = false;
      pending_.await_producing(record);
      continue;
    }
    const auto taken = pending_.take(record);
    capacity_.give_back(taken->waiters.size(), taken->held_bytes);
    figures_.seconds.Observe(std::chrono::duration<double>(now - taken->appended).count());
    add_calls(*taken, batches);
    ++delivered;
  }
  in_handover_ += delivered;
  depth_.fetch_sub(delivered, std::memory_order_relaxed);
  return delivered;
}

void KafkaJournal::add_calls(PendingRecord& record, Batches& batches) {
  for (DurableWaiter& waiter : record.waiters) {
    if (batches.size() <= waiter.worker) batches.resize(waiter.worker + 1);
    batches[waiter.worker].push_back(std::move(waiter.on_durable));
  }
}

void KafkaJournal::note_failures() {
  const auto wait = backoff_.next();
  produce_after_ = Clock::now() + wait;
  log::warning("Kafka did not take records of the journal; they are produced again",
               {{"records", failures_}, {"reason", failure_}, {"wait_ms", wait.count()}});
  figures_.retried.Increment(static_cast<double>(failures_));
  failures_ = 0;
}

void KafkaJournal::retire(const std::string& reason) {
  log::error("the Kafka producer failed for good; it is replaced and everything pending produced again",
             {{"reason", reason}, {"records", depth()}});
  figures_.rebuilds.Increment();
  is_rebuilding_ = true;
  std::unique_ptr<kafka::Producer> failed;
  {
    const std::lock_guard lock(mutex_);
    is_direct_ = false;
    failed = std::move(producer_);
  }
  // Good reports that are still on their way spare their records the second time.
  failed->abandon(abandon_wait);
  settle_reports();
  produce_after_ = std::max(produce_after_, Clock::now() + backoff_.next());
}

void KafkaJournal::replace() {
  const auto now = Clock::now();
  if (now < produce_after_) {
    std::this_thread::sleep_for(std::min<Clock::duration>(poll_wait, produce_after_ - now));
    return;
  }
  auto fresh = make_producer();
  if (!fresh) {
    const auto wait = backoff_.next();
    produce_after_ = now + wait;
    log::error("the Kafka producer cannot be replaced yet",
               {{"reason", fresh.error().message}, {"wait_ms", wait.count()}});
    return;
  }
  const std::lock_guard lock(mutex_);
  producer_ = *std::move(fresh);
  // Also what the failed one gave no report for.
  pending_.await_producing_all();
}

void KafkaJournal::produce_waiting() {
  if (Clock::now() < produce_after_) return;
  while (produce_some()) {
  }
}

/// True while there may be more.
bool KafkaJournal::produce_some() {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < records_per_lock; ++i) {
    PendingRecord* record = pending_.next_to_produce();
    if (record == nullptr) {
      is_direct_ = true;
      is_rebuilding_ = false;
      return false;
    }
    // Its queue is full: the next turn goes on after some reports.
    if (!producer_->produce(record->room, record->value, record)) return false;
    pending_.produced(*record);
    figures_.produced.Increment();
  }
  return true;
}

}  // namespace chat::gateway
