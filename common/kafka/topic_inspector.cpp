#include "common/kafka/topic_inspector.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <utility>
#include <vector>

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafkacpp.h>

#include "common/kafka/client_events.hpp"
#include "common/kafka/conf.hpp"
#include "common/kafka/handles.hpp"
#include "common/kafka/properties.hpp"
#include "common/kafka/topic_health.hpp"
#include "common/log/log.hpp"

namespace chat::kafka {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

int milliseconds_until(Clock::time_point deadline) {
  return static_cast<int>(
      std::max(std::chrono::ceil<milliseconds>(deadline - Clock::now()), milliseconds{1}).count());
}

DescribedSettings entries_of(const rd_kafka_ConfigResource_t* resource) {
  DescribedSettings settings;
  std::size_t count = 0;
  const auto* const* entries = rd_kafka_ConfigResource_configs(resource, &count);
  for (std::size_t i = 0; i < count; ++i) {
    const char* value = rd_kafka_ConfigEntry_value(entries[i]);
    const auto source = rd_kafka_ConfigEntry_source(entries[i]);
    settings[rd_kafka_ConfigEntry_name(entries[i])] = {value == nullptr ? "" : value,
                                                       source == RD_KAFKA_CONFIG_SOURCE_DYNAMIC_TOPIC_CONFIG};
  }
  return settings;
}

/// Of one round of writes.
struct Writes : RdKafka::DeliveryReportCb {
  void dr_cb(RdKafka::Message& message) override {
    --out;
    was_taken |= message.err() == RdKafka::ERR_NO_ERROR;
    // No broker takes this number of acks, so the write got past every other check.
    if (message.err() == RdKafka::ERR_INVALID_REQUIRED_ACKS || error != 0) return;
    error = message.err();
    reason = message.errstr();
  }

  int out = 0;
  bool was_taken = false;
  int error = 0;
  std::string reason;
};

}  // namespace

// Destroyed from the bottom up: the client before what it calls.
struct TopicInspector::Impl {
  Impl(const config::KafkaSettings& settings, std::string topic, Use use)
      : topic_(std::move(topic)),
        tries_writes_(use == Use::writes),
        events_(settings, "inspector", nullptr) {}

  std::optional<Error> open(const config::KafkaSettings& settings, const std::string& client_id) {
    auto properties = properties_for(settings, Role::admin, client_id);
    if (!properties) return properties.error();
    properties->insert(properties->end(), {{"acks", "2"}, {"linger.ms", "0"}});
    const auto conf = make_conf(*properties);
    if (!conf) return conf.error();
    events_.attach(**conf);
    set_callback<RdKafka::DeliveryReportCb>(**conf, "dr_cb", &writes_);
    std::string reason;
    client_.reset(RdKafka::Producer::create(conf->get(), reason));
    if (!client_) return Error{"the Kafka client cannot be made: " + reason};
    return std::nullopt;
  }

  DurabilityFacts read_settings(Clock::time_point deadline) {
    read_metadata(deadline);
    const auto topic = describe(RD_KAFKA_RESOURCE_TOPIC, topic_, deadline);
    std::map<std::int32_t, Result<DescribedSettings>> brokers;
    if (depends_on_brokers(topic))
      for (const std::int32_t id : broker_ids_) brokers.emplace(id, describe_broker(id, deadline));
    client_->poll(0);
    return durability_facts(fewest_replicas_, topic_, topic, brokers);
  }

  TopicLook look(milliseconds wait) {
    TopicLook look;
    look.facts = read_settings(Clock::now() + wait);
    health_.min_in_sync = look.facts.min_insync_replicas;
    if (health_.exists && tries_writes_) try_writes(Clock::now() + wait);
    look.trouble = trouble_of(topic_, health_);
    return look;
  }

  std::atomic<bool> gives_up_{false};

 private:
  /// Notes the brokers and the partitions. For all topics: a broker with automatic topics would create one
  /// that is asked for by name.
  void read_metadata(Clock::time_point deadline) {
    health_ = {};
    leaders_.clear();
    broker_ids_.clear();
    fewest_replicas_.reset();
    const rd_kafka_metadata_t* found = nullptr;
    health_.error = rd_kafka_metadata(client_->c_ptr(), 1, nullptr, &found, milliseconds_until(deadline));
    client_->poll(0);
    if (health_.error != RD_KAFKA_RESP_ERR_NO_ERROR) return explain_silence();
    const Metadata metadata(found);
    for (int i = 0; i < metadata->broker_cnt; ++i) broker_ids_.push_back(metadata->brokers[i].id);
    for (int i = 0; i < metadata->topic_cnt; ++i)
      if (topic_ == metadata->topics[i].topic) note_topic(metadata->topics[i]);
  }

  /// The client knows better why no broker answers.
  void explain_silence() {
    const auto last = events_.last_error();
    if (last == RdKafka::ERR__AUTHENTICATION || last == RdKafka::ERR__SSL) health_.error = last;
    health_.reason = events_.last_reason();
  }

  void note_topic(const rd_kafka_metadata_topic& topic) {
    health_.exists = topic.err == RD_KAFKA_RESP_ERR_NO_ERROR;
    if (!health_.exists) health_.error = topic.err;
    for (int p = 0; p < topic.partition_cnt; ++p) {
      const rd_kafka_metadata_partition& partition = topic.partitions[p];
      health_.partitions.push_back({partition.id, partition.leader >= 0, partition.isr_cnt});
      if (partition.leader >= 0) leaders_.emplace(partition.leader, partition.id);
      const std::int64_t replicas = partition.replica_cnt;
      fewest_replicas_ = std::min(replicas, fewest_replicas_.value_or(replicas));
    }
  }

  /// Rights are the topic's, so one partition a broker shows them and that the broker answers.
  void try_writes(Clock::time_point deadline) {
    writes_.error = 0;
    writes_.reason.clear();
    for (const auto& [leader, partition] : leaders_) {
      const auto error = client_->produce(topic_, partition, RdKafka::Producer::RK_MSG_COPY, nullptr, 0,
                                          nullptr, 0, 0, nullptr);
      if (error == RdKafka::ERR_NO_ERROR)
        ++writes_.out;
      else if (writes_.error == 0)
        writes_.error = error;
    }
    while (writes_.out > 0 && Clock::now() < deadline && !gives_up_) client_->poll(50);
    if (writes_.out > 0) {
      client_->purge(RdKafka::Producer::PURGE_QUEUE | RdKafka::Producer::PURGE_INFLIGHT);
      for (int i = 0; writes_.out > 0 && i < 100; ++i) client_->poll(10);
      if (writes_.error == 0 || writes_.error == RdKafka::ERR__PURGE_QUEUE ||
          writes_.error == RdKafka::ERR__PURGE_INFLIGHT)
        writes_.error = RdKafka::ERR__TIMED_OUT;
    }
    if (writes_.was_taken) {
      // No Kafka does that, but it must not happen twice.
      tries_writes_ = false;
      log::error("a broker took a record that it had to refuse (acks=2); no further write is tried",
                 {{"topic", topic_}});
    }
    health_.write_error = writes_.error;
    health_.reason = writes_.reason;
  }

  Result<DescribedSettings> describe_broker(std::int32_t id, Clock::time_point deadline) {
    auto settings = describe(RD_KAFKA_RESOURCE_BROKER, std::to_string(id), deadline);
    if (!settings) return settings;
    return as_topic_settings(*settings);
  }

  Result<DescribedSettings> describe(rd_kafka_ResourceType_t type, const std::string& name,
                                     Clock::time_point deadline) {
    const Resource resource(rd_kafka_ConfigResource_new(type, name.c_str()));
    const AdminOptions options(
        rd_kafka_AdminOptions_new(client_->c_ptr(), RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS));
    std::array<char, 256> text{};
    const int wait = milliseconds_until(deadline);
    rd_kafka_AdminOptions_set_request_timeout(options.get(), wait, text.data(), text.size());
    const Queue queue(rd_kafka_queue_new(client_->c_ptr()));
    rd_kafka_ConfigResource_t* asked = resource.get();
    rd_kafka_DescribeConfigs(client_->c_ptr(), &asked, 1, options.get(), queue.get());
    const Event event(rd_kafka_queue_poll(queue.get(), wait + 1000));
    if (!event) return Error{"no answer in time"};
    if (rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR)
      return Error{rd_kafka_event_error_string(event.get())};
    std::size_t count = 0;
    const auto* result = rd_kafka_event_DescribeConfigs_result(event.get());
    const auto* const* described = rd_kafka_DescribeConfigs_result_resources(result, &count);
    if (count != 1) return Error{"an answer to another question"};
    if (const auto error = rd_kafka_ConfigResource_error(described[0]); error != RD_KAFKA_RESP_ERR_NO_ERROR)
      return Error{rd_kafka_err2str(error)};
    return entries_of(described[0]);
  }

  const std::string topic_;
  bool tries_writes_;
  ClientEvents events_;
  Writes writes_;
  std::unique_ptr<RdKafka::Producer> client_;
  TopicHealth health_;
  std::map<std::int32_t, std::int32_t> leaders_;  // a partition of each
  std::vector<std::int32_t> broker_ids_;
  std::optional<std::int64_t> fewest_replicas_;
};

Result<std::unique_ptr<TopicInspector>> TopicInspector::make(const config::KafkaSettings& settings,
                                                             const std::string& topic,
                                                             const std::string& client_id, Use use) {
  auto impl = std::make_unique<Impl>(settings, topic, use);
  if (auto error = impl->open(settings, client_id)) return *std::move(error);
  return std::unique_ptr<TopicInspector>(new TopicInspector(std::move(impl)));
}

TopicInspector::TopicInspector(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

TopicInspector::~TopicInspector() = default;

DurabilityFacts TopicInspector::read_settings(milliseconds wait) {
  return impl_->read_settings(Clock::now() + wait);
}

void TopicInspector::give_up() {
  impl_->gives_up_ = true;
}

TopicLook TopicInspector::look(milliseconds wait) {
  return impl_->look(wait);
}

}  // namespace chat::kafka
