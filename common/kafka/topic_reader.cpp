#include "common/kafka/topic_reader.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <vector>

#include <librdkafka/rdkafkacpp.h>

#include "common/kafka/client_events.hpp"
#include "common/kafka/commit.hpp"
#include "common/kafka/conf.hpp"
#include "common/kafka/message.hpp"
#include "common/kafka/properties.hpp"
#include "common/log/log.hpp"

namespace chat::kafka {
namespace {

using std::chrono::milliseconds;

int to_int(milliseconds wait) {
  return static_cast<int>(wait.count());
}

struct Span {
  std::int64_t next = 0;
  std::int64_t end = 0;
};

}  // namespace

// Destroyed from the bottom up: the client before what it calls.
struct TopicReader::Impl {
  Impl(const config::KafkaSettings& settings, const TopicReaderOptions& options)
      : events(settings, options.name, nullptr), brokers(settings.brokers), topic(options.topic) {}

  Error failed(const char* what, RdKafka::ErrorCode error) const {
    return Error{"Kafka at " + brokers + " did not tell " + what + " of topic " + topic + " (" +
                 RdKafka::err2str(error) + "): start it, or correct the KAFKA_ settings"};
  }

  Result<std::int32_t> count_partitions(milliseconds wait) {
    RdKafka::Metadata* found = nullptr;
    // For all topics: asked for one, a broker that is set so would make it.
    const auto error = consumer->metadata(true, nullptr, &found, to_int(wait));
    const std::unique_ptr<RdKafka::Metadata> metadata(found);
    if (error != RdKafka::ERR_NO_ERROR) return failed("the partitions", error);
    for (const auto* each : *metadata->topics())
      if (each->topic() == topic) return static_cast<std::int32_t>(each->partitions()->size());
    return Error{"Kafka at " + brokers + " has no topic " + topic + ": correct KAFKA_BROKER or KAFKA_TOPIC"};
  }

  std::optional<Error> find_places(std::vector<RdKafka::TopicPartition*>& list, milliseconds wait) {
    const auto error = consumer->committed(list, to_int(wait));
    if (error != RdKafka::ERR_NO_ERROR) return failed("the group's offsets", error);
    for (auto* partition : list) {
      std::int64_t first = 0;
      std::int64_t end = 0;
      const auto no_end =
          consumer->query_watermark_offsets(topic, partition->partition(), &first, &end, to_int(wait));
      if (no_end != RdKafka::ERR_NO_ERROR) return failed("the end", no_end);
      // None is committed: a negative number. What the topic no longer keeps is passed over.
      const std::int64_t next = std::max(first, partition->offset());
      partition->set_offset(next);
      spans[partition->partition()] = {next, end};
    }
    return std::nullopt;
  }

  ClientEvents events;
  const std::string brokers;
  const std::string topic;
  std::map<std::int32_t, Span> spans;
  std::unique_ptr<RdKafka::KafkaConsumer> consumer;
};

Result<std::unique_ptr<TopicReader>> TopicReader::open(const config::KafkaSettings& settings,
                                                       const TopicReaderOptions& options, milliseconds wait) {
  auto properties = properties_for(settings, Role::consumer, options.client_id);
  if (!properties) return properties.error();
  properties->emplace_back("group.id", options.group);
  auto conf = make_conf(*properties);
  if (!conf) return conf.error();
  auto impl = std::make_unique<Impl>(settings, options);
  impl->events.attach(**conf);
  std::string reason;
  impl->consumer.reset(RdKafka::KafkaConsumer::create(conf->get(), reason));
  if (!impl->consumer) return Error{"the Kafka consumer cannot be made: " + reason};
  const auto count = impl->count_partitions(wait);
  if (!count) return count.error();
  std::vector<RdKafka::TopicPartition*> list;
  list.reserve(static_cast<std::size_t>(*count));
  for (std::int32_t i = 0; i < *count; ++i) list.push_back(RdKafka::TopicPartition::create(options.topic, i));
  auto error = impl->find_places(list, wait);
  if (!error && impl->consumer->assign(list) != RdKafka::ERR_NO_ERROR)
    error = Error{"the Kafka consumer cannot read topic " + options.topic};
  RdKafka::TopicPartition::destroy(list);
  if (error) return *std::move(error);
  return std::unique_ptr<TopicReader>(new TopicReader(std::move(impl)));
}

TopicReader::TopicReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

TopicReader::~TopicReader() {
  impl_->consumer->close();
}

bool TopicReader::is_at_end() const {
  return std::ranges::all_of(impl_->spans,
                             [](const auto& entry) { return entry.second.next >= entry.second.end; });
}

std::optional<ConsumedRecord> TopicReader::next(milliseconds wait) {
  const std::unique_ptr<RdKafka::Message> message(impl_->consumer->consume(to_int(wait)));
  if (message->err() == RdKafka::ERR__TIMED_OUT) return std::nullopt;
  if (message->err() != RdKafka::ERR_NO_ERROR) {
    log::warning("reading from Kafka failed; trying again",
                 {{"topic", impl_->topic}, {"error", RdKafka::err2str(message->err())}});
    return std::nullopt;
  }
  Span& span = impl_->spans[message->partition()];
  // What came after open() is for the next reading.
  if (message->offset() >= span.end) {
    span.next = std::max(span.next, span.end);
    return std::nullopt;
  }
  span.next = message->offset() + 1;
  return to_record(*message);
}

std::optional<std::string> TopicReader::commit(milliseconds wait) {
  std::vector<PartitionOffset> offsets;
  for (const auto& [partition, span] : impl_->spans) offsets.push_back({partition, span.next, {}});
  return commit_within(*impl_->consumer, impl_->topic, offsets, wait);
}

}  // namespace chat::kafka
