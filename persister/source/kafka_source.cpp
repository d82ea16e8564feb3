#include "persister/source/kafka_source.hpp"

#include <algorithm>
#include <charconv>
#include <sstream>
#include <thread>
#include <utility>

#include <prometheus/counter.h>

#include "common/log/log.hpp"
#include "common/wire/record_hash.hpp"

namespace chat::persister {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds close_limit{10'000};
constexpr milliseconds logs_wait{2'000};
constexpr std::string_view note_begin = "chat-persister began=";
constexpr std::size_t max_instance_id_length = 249;

/// Null where the header says that the message is not traced, or nothing.
RecordTracePtr trace_of(std::string_view header) {
  const auto parent = tracing::parse_traceparent(header);
  if (!parent || !parent->is_sampled) return nullptr;
  return std::make_shared<const RecordTrace>(RecordTrace{*parent, tracing::time_of(Clock::real())});
}

SourceRecord to_source_record(kafka::ConsumedRecord record, bool reads_traces) {
  std::optional<Origin> origin;
  RecordTracePtr trace;
  for (const auto& [name, value] : record.headers) {
    if (name == origin_header) origin = parse_origin(value);
    if (reads_traces && name == tracing::traceparent_header) trace = trace_of(value);
  }
  return {record.partition, record.offset, std::move(record.key), std::move(record.value),
          record.timestamp, origin,        std::move(trace)};
}

}  // namespace

std::string instance_id_for(const std::string& persister_id, const std::string& topic) {
  if (persister_id.empty()) return {};
  const std::string id = persister_id + "." + topic;
  if (id.size() <= max_instance_id_length) return id;
  std::ostringstream short_id;
  short_id << persister_id << '.' << std::hex << static_cast<std::uint64_t>(record_hash(topic, "", -1));
  return short_id.str();
}

std::string commit_note(std::int64_t began) {
  return std::string(note_begin) + std::to_string(began);
}

std::optional<std::int64_t> parse_commit_note(std::string_view note) {
  if (!note.starts_with(note_begin)) return std::nullopt;
  note.remove_prefix(note_begin.size());
  std::int64_t began = 0;
  const auto [rest, error] = std::from_chars(note.data(), note.data() + note.size(), began);
  const bool is_one = error == std::errc{} && rest == note.data() + note.size() && began >= 0;
  return is_one ? std::optional(began) : std::nullopt;
}

KafkaSource::KafkaSource(config::KafkaSettings settings, KafkaSourceOptions options, SourceListener& listener,
                         Metrics& metrics)
    : settings_(std::move(settings)),
      options_(std::move(options)),
      listener_(listener),
      metrics_(metrics),
      figures_(metrics),
      backoff_(milliseconds{500}, milliseconds{30'000}) {
  consumer_ = make_consumer();
}

KafkaSource::~KafkaSource() = default;

std::unique_ptr<kafka::Consumer> KafkaSource::make_consumer() {
  const kafka::ConsumerOptions options{options_.client_id, "source", settings_.topic, options_.group,
                                       options_.instance_id};
  return kafka::Consumer::make(settings_, options, *this, metrics_).value();
}

std::optional<SourceRecord> KafkaSource::poll(milliseconds wait) {
  if (!is_usable(wait)) return std::nullopt;
  if (!is_paused_ && !held_.empty()) return take_held();
  auto record = consumer_->consume(wait);
  note_brokers();
  if (const auto reason = consumer_->fatal_error()) give_up_consumer(*reason);
  if (!record) return std::nullopt;
  backoff_.reset();
  // What librdkafka had fetched for a reading before read_from() does not come; this is for what it lets
  // through.
  const auto reading = readings_.find(record->partition);
  if (reading == readings_.end()) return std::nullopt;
  reading->second.next = record->offset + 1;
  if (is_paused_) {
    hold(*std::move(record));
    return std::nullopt;
  }
  return to_source_record(*std::move(record), options_.reads_traces);
}

/// Makes the member again when its time has come, else waits.
bool KafkaSource::is_usable(milliseconds wait) {
  if (is_closed_) return false;
  if (consumer_) return true;
  const auto now = Clock::now();
  if (now < make_after_) {
    std::this_thread::sleep_for(std::min<Clock::duration>(wait, make_after_ - now));
    return false;
  }
  consumer_ = make_consumer();
  return true;
}

void KafkaSource::note_brokers() {
  const bool had_broker = std::exchange(has_broker_, consumer_->has_broker());
  if (has_broker_ && !had_broker) listener_.on_interruption();
}

void KafkaSource::give_up_consumer(const std::string& reason) {
  const auto wait = backoff_.next();
  log::error(
      "the Kafka group member failed for good and is made again; two persisters with one PERSISTER_ID "
      "push each other out",
      {{"reason", reason}, {"wait_ms", wait.count()}});
  figures_.consumers_replaced.Increment();
  if (!assigned_.empty()) on_revoked({assigned_.begin(), assigned_.end()});
  consumer_.reset();
  make_after_ = Clock::now() + wait;
}

/// Its partition was assigned after pause(), or librdkafka lost the pause since it came with an assignment.
/// It is given out before everything later, so nothing has to be sought back.
void KafkaSource::hold(kafka::ConsumedRecord record) {
  figures_.held.Increment();
  consumer_->pause({record.partition});
  paused_.insert(record.partition);
  held_.push_back(to_source_record(std::move(record), options_.reads_traces));
}

std::optional<SourceRecord> KafkaSource::take_held() {
  SourceRecord record = std::move(held_.front());
  held_.pop_front();
  return record;
}

void KafkaSource::pause() {
  is_paused_ = true;
  std::vector<std::int32_t> partitions;
  for (const auto& [partition, reading] : readings_)
    if (!paused_.contains(partition)) partitions.push_back(partition);
  if (partitions.empty() || !consumer_) return;
  consumer_->pause(partitions);
  paused_.insert(partitions.begin(), partitions.end());
}

void KafkaSource::resume() {
  is_paused_ = false;
  if (!paused_.empty() && consumer_) consumer_->resume({paused_.begin(), paused_.end()});
  paused_.clear();
}

std::map<std::int32_t, SourceLog> KafkaSource::logs(const std::vector<std::int32_t>& partitions) {
  std::map<std::int32_t, SourceLog> logs;
  if (!consumer_) return logs;
  for (const auto& [partition, log] : consumer_->logs(partitions, logs_wait)) {
    SourceLog& found = logs[partition] = {log.bounds.start, log.bounds.end, std::nullopt};
    if (log.committed)
      found.commit = SourceLog::Commit{log.committed->offset, parse_commit_note(log.committed->metadata)};
  }
  return logs;
}

/// librdkafka keeps the pause of a partition over a new assignment, so that it is taken back first; what
/// comes while paused is held again.
void KafkaSource::read_from(const std::vector<ReadPosition>& positions) {
  bool has_any = false;
  for (const auto& [partition, offset, began] : positions) {
    if (!assigned_.contains(partition)) continue;
    has_any = true;
    readings_[partition] = {offset, began};
    std::erase_if(held_, [&](const SourceRecord& record) { return record.partition == partition; });
  }
  if (!has_any || !consumer_) return;
  if (!paused_.empty()) consumer_->resume({paused_.begin(), paused_.end()});
  paused_.clear();
  std::vector<kafka::PartitionOffset> all;
  all.reserve(readings_.size());
  for (const auto& [partition, reading] : readings_) all.push_back({partition, reading.next, {}});
  consumer_->read_from(all);
}

void KafkaSource::commit(const std::vector<Position>& positions) {
  const auto offsets = own(positions);
  if (!offsets.empty() && consumer_) consumer_->commit(offsets);
}

void KafkaSource::commit_and_wait(const std::vector<Position>& positions, milliseconds wait) {
  const auto offsets = own(positions);
  if (!offsets.empty() && consumer_) consumer_->commit_and_wait(offsets, wait);
}

/// Kafka would take a member's commit of a partition that is another's now, and set its offset back.
std::vector<kafka::PartitionOffset> KafkaSource::own(const std::vector<Position>& positions) const {
  std::vector<kafka::PartitionOffset> offsets;
  for (const auto& [partition, next_offset] : positions) {
    const auto reading = readings_.find(partition);
    if (reading != readings_.end())
      offsets.push_back({partition, next_offset, commit_note(reading->second.began)});
  }
  return offsets;
}

void KafkaSource::close() {
  if (std::exchange(is_closed_, true) || !consumer_) return;
  consumer_->close(close_limit);
  consumer_.reset();
}

bool KafkaSource::healthy() const {
  return consumer_ && consumer_->has_broker();
}

void KafkaSource::on_assigned(const std::vector<std::int32_t>& partitions) {
  assigned_ = {partitions.begin(), partitions.end()};
  readings_.clear();
  log::info("partitions assigned", {{"partitions", partitions.size()}, {"paused", is_paused_}});
  // Not paused here even while paused: librdkafka drops a pause that meets the start of the fetching. hold()
  // pauses with the first record that comes.
  listener_.on_assigned(partitions);
}

void KafkaSource::on_revoked(const std::vector<std::int32_t>& partitions) {
  log::info("partitions revoked", {{"partitions", partitions.size()}});
  listener_.on_revoked(partitions);
  // librdkafka remembers a partition's pause beyond its revocation, and would keep it when it comes back
  // after a resume() that did not know of it.
  std::vector<std::int32_t> marked;
  std::ranges::set_intersection(paused_, std::set(partitions.begin(), partitions.end()),
                                std::back_inserter(marked));
  if (!marked.empty()) consumer_->resume(marked);
  for (const auto partition : partitions) {
    assigned_.erase(partition);
    readings_.erase(partition);
    paused_.erase(partition);
  }
  std::erase_if(held_, [this](const SourceRecord& record) { return !assigned_.contains(record.partition); });
}

}  // namespace chat::persister
