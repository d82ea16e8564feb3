#include "common/kafka/consumer.hpp"

#include <algorithm>

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafkacpp.h>

#include "common/kafka/ask_bounds.hpp"
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
  void add(const PartitionOffset& position) {
    list_.push_back(RdKafka::TopicPartition::create(topic_, position.partition, position.offset));
  }
  std::vector<RdKafka::TopicPartition*>& list() { return list_; }

 private:
  const std::string& topic_;
  std::vector<RdKafka::TopicPartition*> list_;
};

/// Of this topic alone. A static member is given what it had before a restart, though it may have been
/// subscribed to another topic then.
std::vector<std::int32_t> numbers_of(const std::vector<RdKafka::TopicPartition*>& partitions,
                                     const std::string& topic) {
  std::vector<std::int32_t> numbers;
  numbers.reserve(partitions.size());
  for (const auto* partition : partitions) {
    if (partition->topic() == topic)
      numbers.push_back(partition->partition());
    else
      log::error(
          "Kafka gave this member a partition of a topic that it did not ask for; it is not read",
          {{"topic", partition->topic()}, {"partition", partition->partition()}, {"asked_for", topic}});
  }
  return numbers;
}

/// Errors of a partition after which librdkafka reads no further in it, or would go on in another topic of
/// the same name.
bool has_lost_position(RdKafka::ErrorCode error) {
  return error == RdKafka::ERR__AUTO_OFFSET_RESET || error == RdKafka::ERR_OFFSET_OUT_OF_RANGE ||
         error == RdKafka::ERR_UNKNOWN_TOPIC_OR_PART || error == RdKafka::ERR__UNKNOWN_TOPIC ||
         error == RdKafka::ERR__UNKNOWN_PARTITION;
}

void log_failed_commit(const std::string& reason) {
  log::warning("committing offsets failed; a later commit includes them", {{"reason", reason}});
}

class Rebalances : public RdKafka::RebalanceCb {
 public:
  Rebalances(RebalanceListener& listener, const std::string& topic) : listener_(listener), topic_(topic) {}

  void rebalance_cb(RdKafka::KafkaConsumer* consumer, RdKafka::ErrorCode event,
                    std::vector<RdKafka::TopicPartition*>& partitions) override {
    if (event == RdKafka::ERR__ASSIGN_PARTITIONS) {
      // None yet: Kafka does not decide where to begin.
      consumer->assign({});
      listener_.on_assigned(numbers_of(partitions, topic_));
      return;
    }
    if (event != RdKafka::ERR__REVOKE_PARTITIONS)
      log::warning("a rebalance failed; the partitions are given back",
                   {{"reason", RdKafka::err2str(event)}});
    listener_.on_revoked(numbers_of(partitions, topic_));
    consumer->unassign();
  }

 private:
  RebalanceListener& listener_;
  const std::string& topic_;
};

class Commits : public RdKafka::OffsetCommitCb {
 public:
  void offset_commit_cb(RdKafka::ErrorCode error, std::vector<RdKafka::TopicPartition*>&) override {
    if (error != RdKafka::ERR_NO_ERROR && error != RdKafka::ERR__NO_OFFSET)
      log_failed_commit(RdKafka::err2str(error));
  }
};

}  // namespace

// The consumer is destroyed before what it calls.
struct Consumer::Impl {
  Impl(const config::KafkaSettings& settings, const ConsumerOptions& options, RebalanceListener& listener_,
       Metrics& metrics)
      : listener(listener_),
        events(settings, options.name, &metrics),
        topic(options.topic),
        rebalances(listener_, topic) {}

  void log_failure(RdKafka::Message& message) const {
    log::warning(
        "reading from Kafka failed; trying again",
        {{"topic", topic}, {"error", RdKafka::err2str(message.err())}, {"reason", message.errstr()}});
  }

  RebalanceListener& listener;
  ClientEvents events;
  const std::string topic;
  Rebalances rebalances;
  Commits commits;
  std::unique_ptr<RdKafka::KafkaConsumer> consumer;
};

Result<std::unique_ptr<Consumer>> Consumer::make(const config::KafkaSettings& settings,
                                                 const ConsumerOptions& options, RebalanceListener& listener,
                                                 Metrics& metrics) {
  auto properties = properties_for(settings, Role::consumer, options.client_id);
  if (!properties) return properties.error();
  properties->emplace_back("group.id", options.group);
  // Where an offset is gone the caller decides; librdkafka alone would go on in what may be another topic.
  properties->emplace_back("auto.offset.reset", "error");
  if (!options.instance_id.empty()) properties->emplace_back("group.instance.id", options.instance_id);
  auto conf = make_conf(*properties);
  if (!conf) return conf.error();
  auto impl = std::make_unique<Impl>(settings, options, listener, metrics);
  impl->events.attach(**conf);
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
      if (has_lost_position(message->err()) && message->partition() >= 0)
        impl_->listener.on_lost_position(message->partition());
      else
        impl_->listener.on_failure();
      return std::nullopt;
  }
  impl_->events.saw_broker();
  if (rd_kafka_topic_name(message->c_ptr()->rkt) != impl_->topic) return std::nullopt;
  return to_record(*message);
}

void Consumer::read_from(const std::vector<PartitionOffset>& positions) {
  PartitionList list(impl_->topic);
  for (const auto& position : positions) list.add(position);
  const auto error = impl_->consumer->assign(list.list());
  if (error != RdKafka::ERR_NO_ERROR)
    log::error("Kafka's client does not read the partitions that it was given",
               {{"topic", impl_->topic}, {"reason", RdKafka::err2str(error)}});
}

std::map<std::int32_t, PartitionLog> Consumer::logs(const std::vector<std::int32_t>& partitions,
                                                    milliseconds wait) {
  std::map<std::int32_t, PartitionLog> logs;
  const TopicPartitions list(rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
  for (const auto partition : partitions)
    rd_kafka_topic_partition_list_add(list.get(), impl_->topic.c_str(), partition);
  if (rd_kafka_committed(impl_->consumer->c_ptr(), list.get(), static_cast<int>(wait.count())) !=
      RD_KAFKA_RESP_ERR_NO_ERROR)
    return logs;
  for (int i = 0; i < list->cnt; ++i) {
    const rd_kafka_topic_partition_t& each = list->elems[i];
    if (each.err != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    const auto bounds = ask_bounds(impl_->consumer->c_ptr(), impl_->topic, each.partition, wait);
    if (!bounds) {
      wait = std::max(wait / 5, milliseconds{50});
      continue;
    }
    PartitionLog log{*bounds, std::nullopt};
    if (each.offset >= 0) {
      log.committed = {each.partition, each.offset, {}};
      if (each.metadata != nullptr)
        log.committed->metadata.assign(static_cast<const char*>(each.metadata), each.metadata_size);
    }
    logs.emplace(each.partition, std::move(log));
  }
  return logs;
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
  const auto list = to_commit(impl_->topic, offsets);
  const auto error = rd_kafka_commit(impl_->consumer->c_ptr(), list.get(), 1);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) log_failed_commit(rd_kafka_err2str(error));
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
