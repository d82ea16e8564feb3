#include "common/kafka/read_check.hpp"

#include <utility>

#include <librdkafka/rdkafkacpp.h>

#include "common/kafka/client_events.hpp"
#include "common/kafka/conf.hpp"
#include "common/kafka/properties.hpp"
#include "common/kafka/topic_health.hpp"

namespace chat::kafka {
namespace {

constexpr std::int32_t first_partition = 0;

}  // namespace

// Destroyed from the bottom up: the client before what it calls, the topic before the client.
struct ReadCheck::Impl {
  explicit Impl(const config::KafkaSettings& settings)
      : topic(settings.topic), events(settings, "read check", nullptr) {}

  const std::string topic;
  ClientEvents events;
  std::unique_ptr<RdKafka::Consumer> client;
  std::unique_ptr<RdKafka::Topic> handle;
};

Result<std::unique_ptr<ReadCheck>> ReadCheck::make(const config::KafkaSettings& settings,
                                                   const std::string& client_id) {
  auto properties = properties_for(settings, Role::admin, client_id);
  if (!properties) return properties.error();
  // The end of the partition is an answer as good as a record.
  properties->insert(properties->end(), {{"enable.partition.eof", "true"},
                                         {"fetch.wait.max.ms", "20"},
                                         {"queued.min.messages", "1"},
                                         {"fetch.message.max.bytes", "1024"}});
  const auto conf = make_conf(*properties);
  if (!conf) return conf.error();
  auto impl = std::make_unique<Impl>(settings);
  impl->events.attach(**conf);
  std::string reason;
  impl->client.reset(RdKafka::Consumer::create(conf->get(), reason));
  if (impl->client)
    impl->handle.reset(RdKafka::Topic::create(impl->client.get(), settings.topic, nullptr, reason));
  if (!impl->handle) return Error{"the Kafka client cannot be made: " + reason};
  return std::unique_ptr<ReadCheck>(new ReadCheck(std::move(impl)));
}

ReadCheck::ReadCheck(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

ReadCheck::~ReadCheck() = default;

std::optional<Trouble> ReadCheck::look(std::chrono::milliseconds wait) {
  impl_->client->poll(0);
  if (impl_->client->start(impl_->handle.get(), first_partition, RdKafka::Topic::OFFSET_END) !=
      RdKafka::ERR_NO_ERROR)
    return std::nullopt;
  const std::unique_ptr<RdKafka::Message> message(
      impl_->client->consume(impl_->handle.get(), first_partition, static_cast<int>(wait.count())));
  impl_->client->stop(impl_->handle.get(), first_partition);
  if (message->err() != RdKafka::ERR_TOPIC_AUTHORIZATION_FAILED) return std::nullopt;
  return Trouble{
      "not_authorized",
      "the Kafka user may not read topic " + impl_->topic +
          ", so a position in PostgreSQL cannot be compared with it and resumes that need PostgreSQL "
          "stay unavailable",
      "allow it Read on the topic (kafka-acls)"};
}

}  // namespace chat::kafka
