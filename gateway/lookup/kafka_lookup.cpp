#include "gateway/lookup/kafka_lookup.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "common/kafka/record_scan.hpp"
#include "common/wire/record.hpp"

namespace chat::gateway::lookup {
namespace {

using std::chrono::milliseconds;

constexpr const char* client_id = "chat-trace";
constexpr milliseconds progress_period{1'000};

/// How far the clocks of a gateway and a broker may differ without making the search miss a record.
constexpr std::int64_t clock_allowance_ms = 60'000;

std::string_view header(const kafka::ConsumedRecord& record, std::string_view name) {
  const auto found = std::ranges::find(record.headers, name, &kafka::Headers::value_type::first);
  return found == record.headers.end() ? std::string_view{} : std::string_view{found->second};
}

}  // namespace

std::optional<KafkaEntry> match(const kafka::ConsumedRecord& record, const Wanted& wanted) {
  if (record.key != wanted.room) return std::nullopt;
  const auto message = decode_record(record.value);
  if (!message || message->room != wanted.room) return std::nullopt;
  const bool is_wanted = (wanted.id && message->id == *wanted.id) ||
                         (!wanted.id && wanted.cursor && message->cursor == *wanted.cursor);
  if (!is_wanted) return std::nullopt;
  return KafkaEntry{message->cursor, message->id, record.offset, record.timestamp};
}

std::optional<DeadLetter> match_letter(const kafka::ConsumedRecord& letter, const Wanted& wanted,
                                       std::int32_t partition, std::optional<std::int64_t> offset) {
  // "partition/offset/time" of the record in its topic.
  const std::string_view origin = header(letter, "origin");
  const bool has_origin =
      offset && origin.starts_with(std::to_string(partition) + "/" + std::to_string(*offset) + "/");
  if (!has_origin && !match(letter, wanted)) return std::nullopt;
  DeadLetter found;
  found.time = letter.timestamp;
  found.reason = header(letter, "reason");
  if (found.reason.empty()) found.reason = "unknown";
  if (has_origin) found.offset = *offset;
  return found;
}

KafkaLookup::KafkaLookup(const config::KafkaSettings& settings, milliseconds limit, Progress progress)
    : settings_(settings), limit_(limit), progress_(std::move(progress)) {
  auto offsets = kafka::EndOffsets::make(settings_, client_id);
  if (offsets)
    offsets_ = std::move(*offsets);
  else
    reason_ = offsets.error().message;
}

KafkaLookup::~KafkaLookup() = default;

void KafkaLookup::fail(KafkaFacts& facts, const std::string& what) const {
  facts = {};
  facts.problem = "Kafka at " + settings_.brokers + " " + what;
}

void KafkaLookup::look_at_partition(const std::string& room, KafkaFacts& facts) {
  if (!offsets_) {
    facts.problem = reason_;
    return;
  }
  const auto partitions = offsets_->partitions(limit_);
  if (!partitions)
    return fail(facts, "does not answer or has no topic " + settings_.topic +
                           "; start it, or correct KAFKA_BROKER or KAFKA_TOPIC");
  const std::int32_t partition = kafka::partition_of(room, *partitions);
  const auto bounds = offsets_->bounds(partition, limit_);
  if (!bounds) return fail(facts, "does not tell where partition " + std::to_string(partition) + " ends");
  facts.answered = true;
  facts.partition = partition;
  facts.bounds = *bounds;
}

std::optional<bool> KafkaLookup::proves(const StoredPosition& position, const KafkaFacts& facts) {
  return facts.answered ? offsets_->proves(facts.partition, position, limit_) : std::nullopt;
}

/// Reads records of a topic and tells of its progress.
class KafkaLookup::Search {
 public:
  Search(const KafkaLookup& lookup, const std::string& topic)
      : lookup_(lookup), scan_(kafka::RecordScan::make(lookup.settings_, client_id, topic).value()) {}

  kafka::RecordScan& records() { return *scan_; }

  /// Whether all records up to `to`, or the wanted one, were read.
  bool run(std::int32_t partition, std::int64_t from, std::int64_t to,
           const kafka::RecordScan::Visit& visit) {
    using Clock = std::chrono::steady_clock;
    auto next_report = Clock::now() + progress_period;
    bool is_found = false;
    const auto next =
        scan_->scan(partition, from, to, lookup_.limit_, [&](const kafka::ConsumedRecord& record) {
          if (Clock::now() >= next_report) {
            lookup_.progress_(record.offset - from, to - from);
            next_report += progress_period;
          }
          is_found = visit(record);
          return is_found;
        });
    return is_found || next >= to;
  }

 private:
  const KafkaLookup& lookup_;
  std::unique_ptr<kafka::RecordScan> scan_;
};

void KafkaLookup::read(const Wanted& wanted, std::int64_t offset, KafkaFacts& facts) {
  if (!facts.answered || offset < facts.bounds.start || offset >= facts.bounds.end) return;
  facts.searched_from = offset;
  facts.searched_to = offset + 1;
  const bool is_read =
      Search(*this, settings_.topic)
          .run(facts.partition, offset, offset + 1, [&](const kafka::ConsumedRecord& record) {
            facts.record = match(record, wanted);
            return facts.record.has_value();
          });
  if (!is_read) fail(facts, "does not give the record at offset " + std::to_string(offset));
}

void KafkaLookup::search(const Wanted& wanted, std::optional<std::int64_t> next_offset,
                         std::optional<std::int64_t> sent_at, std::int64_t max, KafkaFacts& facts) {
  if (!facts.answered) return;
  Search search(*this, settings_.topic);
  const auto hint = sent_at
                        ? search.records().offset_at(facts.partition, *sent_at - clock_allowance_ms, limit_)
                        : std::nullopt;
  const SearchWindow window = search_window(facts.bounds, next_offset, hint, max);
  facts.searched_from = window.from;
  facts.searched_to = window.to;
  facts.searched_all_unstored = window.has_all_unstored;
  const bool is_read =
      search.run(facts.partition, window.from, window.to, [&](const kafka::ConsumedRecord& record) {
        facts.record = match(record, wanted);
        return facts.record.has_value();
      });
  if (!is_read) fail(facts, "stopped giving records");
}

void KafkaLookup::search_dead_letters(const Wanted& wanted, std::int64_t max, KafkaFacts& facts) {
  if (!facts.answered) return;
  config::KafkaSettings settings = settings_;
  settings.topic = settings_.dead_letter_topic();
  const auto offsets = kafka::EndOffsets::make(settings, client_id).value();
  const auto partitions = offsets->partitions(limit_);
  if (!partitions) return;
  const std::int32_t partition = kafka::partition_of(wanted.room, *partitions);
  const auto bounds = offsets->bounds(partition, limit_);
  if (!bounds) return fail(facts, "does not tell how many dead letters there are");
  const auto offset = facts.record ? std::optional(facts.record->offset) : std::nullopt;
  const std::int32_t origin = facts.partition;
  const bool is_read = Search(*this, settings.topic)
                           .run(partition, std::max(bounds->start, bounds->end - max), bounds->end,
                                [&](const kafka::ConsumedRecord& letter) {
                                  if (auto found = match_letter(letter, wanted, origin, offset))
                                    facts.dead_letter = found;
                                  return false;  // the newest is the one that counts
                                });
  if (!is_read) fail(facts, "stopped giving dead letters");
}

}  // namespace chat::gateway::lookup
