#include "common/kafka/group_inspector.hpp"

#include <utility>
#include <vector>

#include <librdkafka/rdkafkacpp.h>

#include "common/kafka/client_events.hpp"
#include "common/kafka/conf.hpp"
#include "common/kafka/properties.hpp"
#include "common/kafka/topic_health.hpp"

namespace chat::kafka {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::int32_t first_partition = 0;
constexpr int poll_ms = 100;

}  // namespace

// Destroyed from the bottom up: the client before what it calls.
struct GroupInspector::Impl {
  Impl(const config::KafkaSettings& settings, std::string topic_name, std::string group_name)
      : topic(std::move(topic_name)),
        group(std::move(group_name)),
        events(settings, "group inspector", nullptr) {}

  RdKafka::ErrorCode read_offset(milliseconds wait) const {
    std::vector<RdKafka::TopicPartition*> list{RdKafka::TopicPartition::create(topic, first_partition)};
    auto error = consumer->committed(list, static_cast<int>(wait.count()));
    if (error == RdKafka::ERR_NO_ERROR) error = list[0]->err();
    RdKafka::TopicPartition::destroy(list);
    return error;
  }

  /// A coordinator that refuses the user is told on the consumer's queue; the question itself only times out.
  RdKafka::ErrorCode refusal_behind(RdKafka::ErrorCode error) const {
    if (error != RdKafka::ERR__TIMED_OUT && error != RdKafka::ERR__WAIT_COORD) return error;
    const std::unique_ptr<RdKafka::Message> message(consumer->consume(poll_ms));
    return message->err() == RdKafka::ERR_GROUP_AUTHORIZATION_FAILED ? message->err() : error;
  }

  RdKafka::ErrorCode fetch(milliseconds wait) const {
    std::vector<RdKafka::TopicPartition*> list{
        RdKafka::TopicPartition::create(topic, first_partition, RdKafka::Topic::OFFSET_END)};
    auto error = consumer->assign(list);
    RdKafka::TopicPartition::destroy(list);
    if (error != RdKafka::ERR_NO_ERROR) return error;
    error = first_answer(Clock::now() + wait);
    consumer->unassign();
    return error;
  }

  /// The end of the partition is an answer as good as a record.
  RdKafka::ErrorCode first_answer(Clock::time_point deadline) const {
    while (Clock::now() < deadline) {
      const std::unique_ptr<RdKafka::Message> message(consumer->consume(poll_ms));
      const auto error = message->err();
      if (error == RdKafka::ERR__PARTITION_EOF) return RdKafka::ERR_NO_ERROR;
      if (error != RdKafka::ERR__TIMED_OUT) return error;
    }
    return RdKafka::ERR__TIMED_OUT;
  }

  Trouble trouble_of(RdKafka::ErrorCode error) const {
    switch (error) {
      case RdKafka::ERR_GROUP_AUTHORIZATION_FAILED:
        return {"not_authorized", "the Kafka user may not use the group " + group,
                "allow it Read on the group (kafka-acls)"};
      case RdKafka::ERR_TOPIC_AUTHORIZATION_FAILED:
        return {"not_authorized", "the Kafka user may not read topic " + topic,
                "allow it Read and Describe on the topic (kafka-acls)"};
      default:
        return trouble_of_error(topic, error, {});
    }
  }

  const std::string topic;
  const std::string group;
  ClientEvents events;
  std::unique_ptr<RdKafka::KafkaConsumer> consumer;
};

Result<std::unique_ptr<GroupInspector>> GroupInspector::make(const config::KafkaSettings& settings,
                                                             const std::string& topic,
                                                             const std::string& group,
                                                             const std::string& client_id) {
  auto properties = properties_for(settings, Role::consumer, client_id);
  if (!properties) return properties.error();
  properties->insert(properties->end(), {{"group.id", group}, {"enable.partition.eof", "true"}});
  const auto conf = make_conf(*properties);
  if (!conf) return conf.error();
  auto impl = std::make_unique<Impl>(settings, topic, group);
  impl->events.attach(**conf);
  std::string reason;
  impl->consumer.reset(RdKafka::KafkaConsumer::create(conf->get(), reason));
  if (!impl->consumer) return Error{"the Kafka consumer cannot be made: " + reason};
  return std::unique_ptr<GroupInspector>(new GroupInspector(std::move(impl)));
}

GroupInspector::GroupInspector(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

GroupInspector::~GroupInspector() {
  impl_->consumer->close();
}

std::optional<Trouble> GroupInspector::look(milliseconds wait) {
  auto error = impl_->refusal_behind(impl_->read_offset(wait));
  if (error == RdKafka::ERR_NO_ERROR) error = impl_->fetch(wait);
  if (error == RdKafka::ERR_NO_ERROR) return std::nullopt;
  return impl_->trouble_of(error);
}

}  // namespace chat::kafka
