#include "common/kafka/end_offsets.hpp"

#include <utility>

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafkacpp.h>

#include "common/kafka/client_events.hpp"
#include "common/kafka/conf.hpp"
#include "common/kafka/properties.hpp"

namespace chat::kafka {
namespace {

int to_int(std::chrono::milliseconds wait) {
  return static_cast<int>(wait.count());
}

}  // namespace

std::int32_t partition_of(std::string_view key, std::int32_t partitions) {
  return rd_kafka_msg_partitioner_murmur2(nullptr, key.data(), key.size(), partitions, nullptr, nullptr);
}

// Destroyed from the bottom up: the client before what it calls (K19).
struct EndOffsets::Impl {
  Impl(const config::KafkaSettings& settings, std::string topic_name)
      : events(settings, "end offsets", nullptr), topic(std::move(topic_name)) {}

  ClientEvents events;
  const std::string topic;
  std::int32_t partitions = 0;
  std::unique_ptr<RdKafka::Producer> client;
};

Result<std::unique_ptr<EndOffsets>> EndOffsets::make(const config::KafkaSettings& settings,
                                                     const std::string& client_id) {
  const auto properties = properties_for(settings, Role::admin, client_id);
  if (!properties) return properties.error();
  const auto conf = make_conf(*properties);
  if (!conf) return conf.error();
  auto impl = std::make_unique<Impl>(settings, settings.topic);
  set_callback<RdKafka::EventCb>(**conf, "event_cb", &impl->events);
  std::string reason;
  impl->client.reset(RdKafka::Producer::create(conf->get(), reason));
  if (!impl->client) return Error{"the Kafka client cannot be made: " + reason};
  return std::unique_ptr<EndOffsets>(new EndOffsets(std::move(impl)));
}

EndOffsets::EndOffsets(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

EndOffsets::~EndOffsets() = default;

std::optional<std::int32_t> EndOffsets::partitions(std::chrono::milliseconds wait) {
  if (impl_->partitions > 0) return impl_->partitions;
  impl_->client->poll(0);
  const rd_kafka_metadata_t* metadata = nullptr;
  // For all topics: asked for one, a broker that is set so would make it with its own defaults.
  if (rd_kafka_metadata(impl_->client->c_ptr(), 1, nullptr, &metadata, to_int(wait)) !=
      RD_KAFKA_RESP_ERR_NO_ERROR)
    return std::nullopt;
  for (int i = 0; i < metadata->topic_cnt; ++i)
    if (impl_->topic == metadata->topics[i].topic) impl_->partitions = metadata->topics[i].partition_cnt;
  rd_kafka_metadata_destroy(metadata);
  return impl_->partitions > 0 ? std::optional(impl_->partitions) : std::nullopt;
}

std::optional<std::int64_t> EndOffsets::end_offset(std::int32_t partition, std::chrono::milliseconds wait) {
  impl_->client->poll(0);
  std::int64_t low = 0;
  std::int64_t high = 0;
  const auto error =
      impl_->client->query_watermark_offsets(impl_->topic, partition, &low, &high, to_int(wait));
  return error == RdKafka::ERR_NO_ERROR ? std::optional(high) : std::nullopt;
}

}  // namespace chat::kafka
