#include "common/kafka/record_scan.hpp"

#include <utility>

#include <librdkafka/rdkafkacpp.h>

#include "common/kafka/client_events.hpp"
#include "common/kafka/conf.hpp"
#include "common/kafka/message.hpp"
#include "common/kafka/properties.hpp"

namespace chat::kafka {
namespace {

using std::chrono::milliseconds;

int to_int(milliseconds wait) {
  return static_cast<int>(wait.count());
}

}  // namespace

// Destroyed from the bottom up: the client before what it calls, the topic before the client.
struct RecordScan::Impl {
  explicit Impl(const config::KafkaSettings& settings) : events(settings, "scan", nullptr) {}

  ClientEvents events;
  std::string topic;
  std::unique_ptr<RdKafka::Consumer> client;
  std::unique_ptr<RdKafka::Topic> handle;
};

Result<std::unique_ptr<RecordScan>> RecordScan::make(const config::KafkaSettings& settings,
                                                     const std::string& client_id, const std::string& topic) {
  auto properties = properties_for(settings, Role::admin, client_id);
  if (!properties) return properties.error();
  properties->insert(properties->end(), {{"auto.offset.reset", "error"},
                                         {"enable.partition.eof", "true"},
                                         {"fetch.wait.max.ms", "20"},
                                         {"allow.auto.create.topics", "false"}});
  const auto conf = make_conf(*properties);
  if (!conf) return conf.error();
  auto impl = std::make_unique<Impl>(settings);
  impl->events.attach(**conf);
  impl->topic = topic;
  std::string reason;
  impl->client.reset(RdKafka::Consumer::create(conf->get(), reason));
  if (impl->client) impl->handle.reset(RdKafka::Topic::create(impl->client.get(), topic, nullptr, reason));
  if (!impl->handle) return Error{"the Kafka client cannot be made: " + reason};
  return std::unique_ptr<RecordScan>(new RecordScan(std::move(impl)));
}

RecordScan::RecordScan(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

RecordScan::~RecordScan() = default;

std::optional<std::int64_t> RecordScan::offset_at(std::int32_t partition, std::int64_t milliseconds,
                                                  std::chrono::milliseconds wait) {
  const std::unique_ptr<RdKafka::TopicPartition> asked(
      RdKafka::TopicPartition::create(impl_->topic, partition, milliseconds));
  std::vector<RdKafka::TopicPartition*> list{asked.get()};
  const auto error = impl_->client->offsetsForTimes(list, to_int(wait));
  if (error != RdKafka::ERR_NO_ERROR || asked->err() != RdKafka::ERR_NO_ERROR || asked->offset() < 0)
    return std::nullopt;
  return asked->offset();
}

std::int64_t RecordScan::scan(std::int32_t partition, std::int64_t from, std::int64_t to,
                              milliseconds silence, const Visit& visit) {
  if (from >= to) return to;
  if (impl_->client->start(impl_->handle.get(), partition, from) != RdKafka::ERR_NO_ERROR) return from;
  std::int64_t next = from;
  while (next < to) {
    impl_->client->poll(0);
    const std::unique_ptr<RdKafka::Message> message(
        impl_->client->consume(impl_->handle.get(), partition, to_int(silence)));
    if (message->err() == RdKafka::ERR__PARTITION_EOF) next = to;  // offsets may end with none of a record
    if (message->err() != RdKafka::ERR_NO_ERROR) break;
    if (message->offset() >= to) {
      next = to;
      break;
    }
    next = message->offset() + 1;
    if (visit(to_record(*message))) break;
  }
  impl_->client->stop(impl_->handle.get(), partition);
  return next;
}

}  // namespace chat::kafka
