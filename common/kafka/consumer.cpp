#include "common/kafka/consumer.hpp"

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

// The topic's partitions in librdkafka's form, which it owns by raw pointers.
class PartitionList {
 public:
  explicit PartitionList(const std::string& topic) : topic_(topic) {}
  ~PartitionList() { RdKafka::TopicPartition::destroy(list_); }
  PartitionList(const PartitionList&) = delete;
  PartitionList& operator=(const PartitionList&) = delete;

  void add(std::int32_t partition) { list_.push_back(RdKafka::TopicPartition::create(topic_, partition)); }
  void add(const PartitionOffset& place) {
    list_.push_back(RdKafka::TopicPartition::create(topic_, place.partition, place.offset));
  }
  std::vector<RdKafka::TopicPartition*>& list() { return list_; }

 private:
  const std::string& topic_;
  std::vector<RdKafka::TopicPartition*> list_;
};

std::vector<std::int32_t> numbers_of(const std::vector<RdKafka::TopicPartition*>& partitions) {
  std::vector<std::int32_t> numbers;
  numbers.reserve(partitions.size());
  for (const auto* partition : partitions) numbers.push_back(partition->partition());
  return numbers;
}

void log_failed_commit(const std::string& reason) {
  log::warning("an offset commit failed; a later one makes it good", {{"reason", reason}});
}

class Rebalances : public RdKafka::RebalanceCb {
 public:
  explicit Rebalances(RebalanceListener& listener) : listener_(listener) {}

  void rebalance_cb(RdKafka::KafkaConsumer* consumer, RdKafka::ErrorCode event,
                    std::vector<RdKafka::TopicPartition*>& partitions) override {
    if (event == RdKafka::ERR__ASSIGN_PARTITIONS) {
      consumer->assign(partitions);
      listener_.on_assigned(numbers_of(partitions));
      return;
    }
    if (event != RdKafka::ERR__REVOKE_PARTITIONS)
      log::warning("a rebalance failed; the partitions are given back",
                   {{"reason", RdKafka::err2str(event)}});
    listener_.on_revoked(numbers_of(partitions));
    consumer->unassign();
  }

 private:
  RebalanceListener& listener_;
};

class Commits : public RdKafka::OffsetCommitCb {
 public:
  void offset_commit_cb(RdKafka::ErrorCode error, std::vector<RdKafka::TopicPartition*>&) override {
    if (error != RdKafka::ERR_NO_ERROR && error != RdKafka::ERR__NO_OFFSET)
      log_failed_commit(RdKafka::err2str(error));
  }
};

}  // namespace

// The consumer is destroyed before what it calls (K19).
struct Consumer::Impl {
  Impl(const config::KafkaSettings& settings, const ConsumerOptions& options, RebalanceListener& listener,
       Metrics& metrics)
      : events(settings, options.name, &metrics), rebalances(listener), topic(options.topic) {}

  void log_failure(RdKafka::Message& message) const {
    log::warning(
        "reading from Kafka failed; trying again",
        {{"topic", topic}, {"error", RdKafka::err2str(message.err())}, {"reason", message.errstr()}});
  }

  ClientEvents events;
  Rebalances rebalances;
  Commits commits;
  const std::string topic;
  std::unique_ptr<RdKafka::KafkaConsumer> consumer;
};

Result<std::unique_ptr<Consumer>> Consumer::make(const config::KafkaSettings& settings,
                                                 const ConsumerOptions& options, RebalanceListener& listener,
                                                 Metrics& metrics) {
  auto properties = properties_for(settings, Role::consumer, options.client_id);
  if (!properties) return properties.error();
  properties->emplace_back("group.id", options.group);
  if (!options.instance_id.empty()) properties->emplace_back("group.instance.id", options.instance_id);
  auto conf = make_conf(*properties);
  if (!conf) return conf.error();
  auto impl = std::make_unique<Impl>(settings, options, listener, metrics);
  set_callback<RdKafka::EventCb>(**conf, "event_cb", &impl->events);
  set_callback<RdKafka::RebalanceCb>(**conf, "rebalance_cb", &impl->rebalances);
  set_callback<RdKafka::OffsetCommitCb>(**conf, "offset_commit_cb", &impl->commits);
  std::string reason;
  impl->consumer.reset(RdKafka::KafkaConsumer::create(conf->get(), reason));
  if (!impl->consumer) return Error{"the Kafka consumer cannot be made: " + reason};
  const auto error = impl->consumer->subscribe({options.topic});
  if (error != RdKafka::ERR_NO_ERROR)
    return Error{"the Kafka consumer cannot subscribe to " + options.topic + ": " + RdKafka::err2str(error)};
  return std::unique_ptr<Consumer>(new Consumer(std::move(impl)));
}

Consumer::Consumer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Consumer::~Consumer() = default;

std::optional<ConsumedRecord> Consumer::consume(milliseconds wait) {
  const std::unique_ptr<RdKafka::Message> message(impl_->consumer->consume(static_cast<int>(wait.count())));
  switch (message->err()) {
    case RdKafka::ERR_NO_ERROR:
      break;
    case RdKafka::ERR__TIMED_OUT:
      return std::nullopt;
    default:
      impl_->log_failure(*message);
      return std::nullopt;
  }
  impl_->events.saw_broker();
  return to_record(*message);
}

void Consumer::pause(const std::vector<std::int32_t>& partitions) {
  PartitionList list(impl_->topic);
  for (const auto partition : partitions) list.add(partition);
  impl_->consumer->pause(list.list());
}

void Consumer::resume(const std::vector<std::int32_t>& partitions) {
  PartitionList list(impl_->topic);
  for (const auto partition : partitions) list.add(partition);
  impl_->consumer->resume(list.list());
}

void Consumer::commit(const std::vector<PartitionOffset>& offsets) {
  PartitionList list(impl_->topic);
  for (const auto& offset : offsets) list.add(offset);
  const auto error = impl_->consumer->commitAsync(list.list());
  if (error != RdKafka::ERR_NO_ERROR) log_failed_commit(RdKafka::err2str(error));
}

void Consumer::commit_and_wait(const std::vector<PartitionOffset>& offsets, milliseconds wait) {
  if (const auto reason = commit_within(*impl_->consumer, impl_->topic, offsets, wait))
    log_failed_commit(*reason);
}

void Consumer::close(milliseconds wait) {
  const auto deadline = std::chrono::steady_clock::now() + wait;
  const std::unique_ptr<RdKafka::Queue> queue(RdKafka::Queue::create(impl_->consumer.get()));
  const std::unique_ptr<RdKafka::Error> refused(impl_->consumer->close(queue.get()));
  if (refused) {
    log::warning("leaving the Kafka group failed", {{"reason", refused->str()}});
    return;
  }
  while (!impl_->consumer->closed()) {
    if (std::chrono::steady_clock::now() >= deadline) {
      log::warning("the Kafka group was not left in time; its brokers will notice", {});
      return;
    }
    // Not poll(): it aborts the process where a record is still in the queue. Such records are read again.
    const std::unique_ptr<RdKafka::Message> dropped(queue->consume(100));
  }
}

std::optional<std::string> Consumer::fatal_error() const {
  std::string reason;
  if (impl_->consumer->fatal_error(reason) == RdKafka::ERR_NO_ERROR) return std::nullopt;
  return reason;
}

bool Consumer::has_broker() const {
  return impl_->events.has_broker();
}

}  // namespace chat::kafka
