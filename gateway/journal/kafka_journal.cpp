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

}  // namespace

KafkaJournal::KafkaJournal(config::KafkaSettings settings, KafkaJournalOptions options, PostToWorker post,
                           Metrics& metrics, const Clock& clock)
    : settings_(std::move(settings)),
      options_(std::move(options)),
      post_(std::move(post)),
      metrics_(metrics),
      clock_(clock),
      figures_(metrics),
      queue_(options_.max_records, options_.max_bytes, figures_, {options_.tracer, settings_.topic, clock}),
      batch_size_(kafka::Producer::batch_bytes_of(settings_)),
      backoff_(milliseconds{100}, milliseconds{5'000}) {
  figures_.batch_bytes.Set(static_cast<double>(batch_size_.bytes()));
  figures_.max_records.Set(static_cast<double>(options_.max_records));
  figures_.max_bytes.Set(static_cast<double>(options_.max_bytes));
  queue_.use_producer(make_producer().value());
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
  return kafka::Producer::make(
      settings_, options, [this](const kafka::DeliveryReport& report) { reports_.add(report); }, metrics_);
}

bool KafkaJournal::reserve(std::size_t bytes) {
  if (!is_closing_.load(std::memory_order_relaxed) && !health_.is_rebuilding() && queue_.reserve(bytes))
    return true;
  figures_.refused.Increment();
  return false;
}

void KafkaJournal::release(std::size_t bytes) {
  queue_.release(bytes);
}

void KafkaJournal::append(JournalEntry entry) {
  PendingRecord record;
  record.id = entry.record.id;
  record.value = encode_record(entry.record);
  record.room = std::move(entry.record.room);
  record.held_bytes = std::max(entry.reserved_bytes, record.value.size());
  record.appended = clock_.now();
  record.waiters.push_back({entry.worker, std::move(entry.on_durable), std::move(entry.on_refused)});
  record.trace = entry.trace;
  record.carries_trace = entry.trace.is_traced();
  queue_.append(std::move(record), entry.reserved_bytes);
}

std::size_t KafkaJournal::flush(milliseconds wait) {
  is_closing_ = true;
  return queue_.wait_until_empty(wait);
}

void KafkaJournal::stop() {
  is_closing_ = true;
  is_stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

void KafkaJournal::run() {
  while (!is_stopping_) turn();
  // Destroying it drops what is still queued, without reports.
  queue_.take_producer().reset();
}

void KafkaJournal::turn() {
  if (queue_.producer() != nullptr)
    serve_producer();
  else
    replace();
  if (kafka::Producer* const producer = queue_.producer()) {
    produce_waiting();
    health_.set_broker(producer->has_broker());
  }
  figures_.records.Set(static_cast<double>(depth()));
  figures_.bytes.Set(static_cast<double>(queue_.bytes()));
}

void KafkaJournal::serve_producer() {
  queue_.producer()->poll(poll_wait);
  take_reports();
  if (const auto reason = queue_.producer()->fatal_error())
    retire(*reason);
  else if (needs_smaller_batches_)
    shrink_batches();
  else
    follow_topic_limit();
}

void KafkaJournal::take_reports() {
  for (auto rest = reports_.reports(); !rest.empty();) {
    const auto some = rest.first(std::min(rest.size(), JournalQueue::records_per_lock));
    rest = rest.subspan(some.size());
    finish(some);
  }
  reports_.clear_reports();
  if (const auto failures = reports_.take_failures(); failures.count > 0) note_failures(failures);
}

void KafkaJournal::finish(std::span<const RecordReport> reports) {
  auto [calls, needs_smaller_batches] = queue_.finish(reports, batch_size_, clock_.now());
  needs_smaller_batches_ |= needs_smaller_batches;
  if (calls.records() == 0) return;
  calls.post(post_);
  figures_.delivered.Increment(static_cast<double>(calls.durable_records()));
  figures_.undeliverable.Increment(static_cast<double>(calls.refused_records()));
  backoff_.reset();
  if (calls.durable_records() > 0) health_.set_trouble(std::nullopt);
  queue_.note_posted(calls.records(), clock_.now());
}

void KafkaJournal::note_failures(const DeliveryFailures& failures) {
  const auto wait = backoff_.next();
  produce_after_ = clock_.now() + wait;
  log::warning("Kafka did not take records of the journal; they are produced again",
               {{"records", failures.count}, {"reason", failures.error}, {"wait_ms", wait.count()}});
  figures_.retried.Increment(static_cast<double>(failures.count));
  health_.set_trouble(kafka::trouble_of_error(settings_.topic, failures.error_number, failures.error));
}

void KafkaJournal::retire(const std::string& reason) {
  log::error("the Kafka producer failed for good; it is replaced, and all pending records are produced again",
             {{"reason", reason}, {"records", depth()}});
  figures_.rebuilds.Increment();
  health_.set_rebuilding(true);
  health_.set_trouble(
      Trouble{"producer_failed", "the Kafka producer failed for good and is replaced (" + reason + ")",
              "see the reason; the user needs Write on the topic or IdempotentWrite on the cluster"});
  drop_producer();
  produce_after_ = std::max(produce_after_, clock_.now() + backoff_.next());
}

void KafkaJournal::drop_producer() {
  const auto dropped = queue_.take_producer();
  // Records whose good reports still come in need not be produced a second time.
  dropped->abandon(abandon_wait);
  take_reports();
}

void KafkaJournal::shrink_batches() {
  log::warning("Kafka found a batch of the journal too large; smaller ones are sent",
               {{"batch_bytes", batch_size_.bytes()}});
  // Its last reports have to be judged by the size that its batches had.
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
  const auto now = clock_.now();
  if (now < produce_after_) {
    std::this_thread::sleep_for(std::min<Clock::TimePoint::duration>(poll_wait, produce_after_ - now));
    return;
  }
  auto fresh = make_producer();
  if (!fresh) {
    const auto wait = backoff_.next();
    produce_after_ = now + wait;
    log::error("the Kafka producer cannot be replaced yet; trying again",
               {{"reason", fresh.error().message}, {"wait_ms", wait.count()}});
    return;
  }
  queue_.use_producer(*std::move(fresh));
}

void KafkaJournal::produce_waiting() {
  if (clock_.now() < produce_after_) return;
  auto produced = JournalQueue::Produced::some;
  while (produced == JournalQueue::Produced::some) produced = queue_.produce_some();
  if (produced == JournalQueue::Produced::all) health_.set_rebuilding(false);
}

}  // namespace chat::gateway
