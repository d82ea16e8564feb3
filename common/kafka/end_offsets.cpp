#include "common/kafka/end_offsets.hpp"

#include <utility>
#include <vector>

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafkacpp.h>

#include "common/kafka/ask_bounds.hpp"
#include "common/kafka/client_events.hpp"
#include "common/kafka/conf.hpp"
#include "common/kafka/handles.hpp"
#include "common/kafka/message.hpp"
#include "common/kafka/properties.hpp"

namespace chat::kafka {
namespace {

using std::chrono::milliseconds;

constexpr std::chrono::seconds partitions_life{5};
constexpr std::chrono::seconds silence{1};
constexpr milliseconds leader_wait{500};

int to_int(milliseconds wait) {
  return static_cast<int>(wait.count());
}

}  // namespace

std::int32_t partition_of(std::string_view key, std::int32_t partitions) {
  return rd_kafka_msg_partitioner_murmur2(nullptr, key.data(), key.size(), partitions, nullptr, nullptr);
}

// Destroyed from the bottom up: the client before what it calls, the topic before the client.
struct EndOffsets::Impl {
  Impl(const config::KafkaSettings& settings, std::string topic_name)
      : events(settings, "end offsets", nullptr), topic(std::move(topic_name)) {}

  /// For all topics: a broker with automatic topics would create one that is asked for by name.
  Metadata metadata(milliseconds wait) {
    const rd_kafka_metadata_t* found = nullptr;
    rd_kafka_metadata(client->c_ptr(), 1, nullptr, &found, to_int(wait));
    return Metadata(found);
  }
  const rd_kafka_metadata_topic_t* topic_in(const Metadata& metadata) const {
    for (int i = 0; metadata && i < metadata->topic_cnt; ++i)
      if (topic == metadata->topics[i].topic) return &metadata->topics[i];
    return nullptr;
  }

  ClientEvents events;
  const std::string topic;
  std::int32_t partitions = 0;
  Clock::time_point partitions_valid_until{};
  std::unique_ptr<RdKafka::Consumer> client;
  std::unique_ptr<RdKafka::Topic> handle;
};

Result<std::unique_ptr<EndOffsets>> EndOffsets::make(const config::KafkaSettings& settings,
                                                     const std::string& client_id) {
  auto properties = properties_for(settings, Role::admin, client_id);
  if (!properties) return properties.error();
  // One record is read at a time, and none in place of one that is gone.
  properties->insert(properties->end(),
                     {{"auto.offset.reset", "error"},
                      {"queued.min.messages", "1"},
                      {"fetch.message.max.bytes", "65536"},
                      {"fetch.wait.max.ms", "20"},
                      // librdkafka waits this long for a leader that is gone, whatever the caller's limit.
                      {"socket.timeout.ms", "2000"}});
  const auto conf = make_conf(*properties);
  if (!conf) return conf.error();
  auto impl = std::make_unique<Impl>(settings, settings.topic);
  impl->events.attach(**conf);
  std::string reason;
  impl->client.reset(RdKafka::Consumer::create(conf->get(), reason));
  if (impl->client)
    impl->handle.reset(RdKafka::Topic::create(impl->client.get(), settings.topic, nullptr, reason));
  if (!impl->handle) return Error{"the Kafka client cannot be made: " + reason};
  return std::unique_ptr<EndOffsets>(new EndOffsets(std::move(impl)));
}

EndOffsets::EndOffsets(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

EndOffsets::~EndOffsets() = default;

std::optional<std::int32_t> EndOffsets::partitions(milliseconds wait) {
  const auto now = Clock::now();
  if (now < impl_->partitions_valid_until) return impl_->partitions;
  impl_->client->poll(0);
  const Metadata metadata = impl_->metadata(wait);
  if (const auto* topic = impl_->topic_in(metadata); topic != nullptr && topic->partition_cnt > 0) {
    impl_->partitions = topic->partition_cnt;
    impl_->partitions_valid_until = now + partitions_life;
  }
  return impl_->partitions > 0 ? std::optional(impl_->partitions) : std::nullopt;
}

/// A question to a partition without a leader takes its whole time limit.
bool EndOffsets::may_ask(std::int32_t partition) {
  impl_->client->poll(0);
  const auto found = silent_.find(partition);
  if (found == silent_.end()) return true;
  const auto now = Clock::now();
  if (now < found->second) return false;
  found->second = now + silence;
  const Metadata metadata = impl_->metadata(leader_wait);
  const auto* topic = impl_->topic_in(metadata);
  for (int i = 0; topic != nullptr && i < topic->partition_cnt; ++i)
    if (topic->partitions[i].id == partition) return topic->partitions[i].leader >= 0;
  return false;
}

bool EndOffsets::note(std::int32_t partition, bool has_answered) {
  if (has_answered)
    silent_.erase(partition);
  else
    silent_[partition] = Clock::now() + silence;
  return has_answered;
}

std::optional<LogBounds> EndOffsets::bounds(std::int32_t partition, milliseconds wait) {
  if (!may_ask(partition)) return std::nullopt;
  const auto bounds = ask_bounds(impl_->client->c_ptr(), impl_->topic, partition, wait);
  note(partition, bounds.has_value());
  return bounds;
}

std::optional<std::int64_t> EndOffsets::end_offset(std::int32_t partition, milliseconds wait) {
  const auto found = bounds(partition, wait);
  return found ? std::optional(found->end) : std::nullopt;
}

std::optional<std::int64_t> EndOffsets::hash_at(std::int32_t partition, std::int64_t offset,
                                                milliseconds wait) {
  if (!may_ask(partition)) return std::nullopt;
  if (impl_->client->start(impl_->handle.get(), partition, offset) != RdKafka::ERR_NO_ERROR)
    return std::nullopt;
  const std::unique_ptr<RdKafka::Message> message(
      impl_->client->consume(impl_->handle.get(), partition, to_int(wait)));
  impl_->client->stop(impl_->handle.get(), partition);
  if (message->err() == RdKafka::ERR_OFFSET_OUT_OF_RANGE || message->err() == RdKafka::ERR__AUTO_OFFSET_RESET)
    return unknown_record;
  if (!note(partition, message->err() == RdKafka::ERR_NO_ERROR)) return std::nullopt;
  const ConsumedRecord record = to_record(*message);
  return record.offset == offset ? record_hash(record.key, record.value, record.timestamp) : unknown_record;
}

std::optional<bool> EndOffsets::proves(std::int32_t partition, const StoredPosition& position,
                                       milliseconds wait) {
  const auto found = bounds(partition, wait);
  if (!found) return std::nullopt;
  if (is_above(position, *found)) return false;
  std::vector<KnownRecord> records{{position.next_offset, position.record_hash}};
  if (position.proven != records.front()) records.push_back(position.proven);
  for (const KnownRecord& record : records) {
    if (!has_record(record, *found)) continue;
    const auto hash = hash_at(partition, record.next_offset - 1, wait);
    if (!hash) return std::nullopt;
    if (*hash != record.record_hash) return false;
  }
  return true;
}

}  // namespace chat::kafka
