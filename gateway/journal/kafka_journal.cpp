#include "gateway/journal/kafka_journal.hpp"

#include <algorithm>
#include <utility>

#include "common/kafka/topic_health.hpp"
#include "common/log/log.hpp"

namespace chat::gateway {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds poll_wait{100};
constexpr milliseconds abandon_wait{2'000};
constexpr std::chrono::seconds stall_limit{10};
constexpr std::size_t records_per_lock = 256;

/// Which record is at fault shows in smaller batches.
bool is_batchs_fault(kafka::DeliveryFault fault) {
  return fault == kafka::DeliveryFault::batch_too_large || fault == kafka::DeliveryFault::batch_invalid;
}

}  // namespace

KafkaJournal::KafkaJournal(config::KafkaSettings settings, KafkaJournalOptions options, PostToWorker post,
                           Metrics& metrics)
    : settings_(std::move(settings)),
      options_(std::move(options)),
      post_(std::move(post)),
      metrics_(metrics),
      figures_(metrics),
      capacity_(options_.max_records, options_.max_bytes),
      batch_size_(kafka::Producer::batch_bytes_of(settings_)),
      backoff_(milliseconds{100}, milliseconds{5'000}) {
  figures_.batch_bytes.Set(static_cast<double>(batch_size_.bytes()));
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
  if (batch_size_.is_reduced()) options.max_batch_bytes = batch_size_.bytes();
  const auto note = [this](const kafka::DeliveryReport& report) {
    reports_.push_back({static_cast<PendingRecord*>(report.tag), report.fault});
    if (report.fault == kafka::DeliveryFault::passing && failures_++ == 0) {
      failure_error_ = report.error_number;
      failure_ = report.error;
    }
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
  record.waiters.push_back({entry.worker, std::move(entry.on_durable), std::move(entry.on_refused)});
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

std::optional<Trouble> KafkaJournal::trouble() const {
  {
    const std::lock_guard lock(mutex_);
    if (trouble_) return trouble_;
  }
  if (!has_broker_.load(std::memory_order_relaxed))
    return Trouble{"unreachable", "no Kafka broker can be reached",
                   "start them, or set KAFKA_BROKER to where they are"};
  if (!healthy())
    return Trouble{"stalled", "Kafka has confirmed none of the messages in the journal for 10 s",
                   "look at the brokers' replicas, disks and logs"};
  return std::nullopt;
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
    if (const auto reason = producer_->fatal_error())
      retire(*reason);
    else if (needs_smaller_batches_)
      shrink_batches();
    else
      follow_topic_limit();
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
    const auto [delivered, refused] = settle(begin, end, batches);
    if (delivered + refused == 0) continue;
    for (std::size_t worker = 0; worker < batches.size(); ++worker)
      if (!batches[worker].empty()) post_(worker, std::move(batches[worker]));
    figures_.delivered.Increment(static_cast<double>(delivered));
    figures_.undeliverable.Increment(static_cast<double>(refused));
    last_progress_.store(Clock::now().time_since_epoch().count(), std::memory_order_relaxed);
    backoff_.reset();
    const std::lock_guard lock(mutex_);
    in_handover_ -= delivered + refused;
    if (delivered > 0) trouble_.reset();
    if (pending_.empty() && in_handover_ == 0) all_settled_.notify_all();
  }
  reports_.clear();
  if (failures_ > 0) note_failures();
}

KafkaJournal::Settled KafkaJournal::settle(std::size_t begin, std::size_t end, Batches& batches) {
  const auto now = Clock::now();
  Settled settled;
  const std::lock_guard lock(mutex_);
  for (std::size_t i = begin; i < end; ++i) {
    PendingRecord& record = *reports_[i].record;
    if (reports_[i].fault == kafka::DeliveryFault::none) {
      const auto taken = take(record);
      figures_.seconds.Observe(std::chrono::duration<double>(now - taken->appended).count());
      add_calls(*taken, batches);
      ++settled.delivered;
    } else if (const auto refusal = refusal_of(reports_[i])) {
      add_refusals(*take(record), *refusal, batches);
      ++settled.refused;
    } else {
      needs_smaller_batches_ |= is_batchs_fault(reports_[i].fault);
      is_direct_ = false;
      pending_.await_producing(record);
    }
  }
  in_handover_ += settled.delivered + settled.refused;
  depth_.fetch_sub(settled.delivered + settled.refused, std::memory_order_relaxed);
  return settled;
}

/// Of a batch that was refused only the size is known, not which of its records are at fault. A record that
/// is larger than a batch may be was sent alone.
std::optional<JournalRefusal> KafkaJournal::refusal_of(const Report& report) const {
  using kafka::DeliveryFault;
  const bool was_alone = batch_size_.was_alone(report.record->value.size() + report.record->room.size());
  switch (report.fault) {
    case DeliveryFault::none:
    case DeliveryFault::abandoned:
    case DeliveryFault::passing:
      return std::nullopt;
    case DeliveryFault::record_too_large:
      return JournalRefusal::too_large;
    case DeliveryFault::batch_too_large:
      return was_alone ? std::optional(JournalRefusal::too_large) : std::nullopt;
    case DeliveryFault::batch_invalid:
      return was_alone ? std::optional(JournalRefusal::invalid) : std::nullopt;
  }
  return std::nullopt;
}

std::unique_ptr<PendingRecord> KafkaJournal::take(const PendingRecord& record) {
  auto taken = pending_.take(record);
  capacity_.give_back(taken->waiters.size(), taken->held_bytes);
  return taken;
}

void KafkaJournal::add_calls(PendingRecord& record, Batches& batches) {
  for (DurableWaiter& waiter : record.waiters) {
    if (batches.size() <= waiter.worker) batches.resize(waiter.worker + 1);
    batches[waiter.worker].push_back(std::move(waiter.on_durable));
  }
}

void KafkaJournal::add_refusals(PendingRecord& record, JournalRefusal refusal, Batches& batches) {
  log::error(
      refusal == JournalRefusal::too_large
          ? "Kafka never takes a message, since it is larger than the topic allows; its sender is told. "
            "Raise max.message.bytes and segment.bytes of the topic"
          : "Kafka never takes a message, since the topic has a rule against it; its sender is told. "
            "See the broker's log for the rule",
      {{"room", record.room}, {"id", to_string(record.id)}, {"bytes", record.value.size()}});
  for (DurableWaiter& waiter : record.waiters) {
    if (!waiter.on_refused) continue;
    if (batches.size() <= waiter.worker) batches.resize(waiter.worker + 1);
    batches[waiter.worker].push_back([call = std::move(waiter.on_refused), refusal] { call(refusal); });
  }
}

void KafkaJournal::note_failures() {
  const auto wait = backoff_.next();
  produce_after_ = Clock::now() + wait;
  log::warning("Kafka did not take records of the journal; they are produced again",
               {{"records", failures_}, {"reason", failure_}, {"wait_ms", wait.count()}});
  figures_.retried.Increment(static_cast<double>(failures_));
  failures_ = 0;
  const std::lock_guard lock(mutex_);
  trouble_ = kafka::trouble_of_error(settings_.topic, failure_error_, failure_);
}

void KafkaJournal::retire(const std::string& reason) {
  log::error("the Kafka producer failed for good; it is replaced and everything pending produced again",
             {{"reason", reason}, {"records", depth()}});
  figures_.rebuilds.Increment();
  is_rebuilding_ = true;
  {
    const std::lock_guard lock(mutex_);
    trouble_ = {"producer_failed", "the Kafka producer failed for good and is replaced (" + reason + ")",
                "see the reason; the user needs Write on the topic or IdempotentWrite on the cluster"};
  }
  drop_producer();
  produce_after_ = std::max(produce_after_, Clock::now() + backoff_.next());
}

void KafkaJournal::drop_producer() {
  std::unique_ptr<kafka::Producer> dropped;
  {
    const std::lock_guard lock(mutex_);
    is_direct_ = false;
    dropped = std::move(producer_);
  }
  // Good reports that are still on their way spare their records the second time.
  dropped->abandon(abandon_wait);
  settle_reports();
}

void KafkaJournal::shrink_batches() {
  log::warning("Kafka found a batch of the journal too large; smaller ones are sent",
               {{"batch_bytes", batch_size_.bytes()}});
  // Also what its other reports say is judged by the size that the batches had.
  drop_producer();
  needs_smaller_batches_ = false;
  batch_size_.halve();
  figures_.batch_bytes.Set(static_cast<double>(batch_size_.bytes()));
}

void KafkaJournal::follow_topic_limit() {
  BatchSize followed = batch_size_;
  const bool is_other = followed.follow(topic_limit_.load(std::memory_order_relaxed));
  if (is_other) {
    log::info("the journal's batches follow the topic's limit", {{"batch_bytes", followed.bytes()}});
    // A producer keeps its batch size for life.
    drop_producer();
    needs_smaller_batches_ = false;
  }
  batch_size_ = followed;
  record_limit_.store(batch_size_.record_limit_bytes(), std::memory_order_relaxed);
  figures_.batch_bytes.Set(static_cast<double>(batch_size_.bytes()));
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
