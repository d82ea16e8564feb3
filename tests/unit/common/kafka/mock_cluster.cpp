#include "tests/unit/common/kafka/mock_cluster.hpp"

#include <stdexcept>

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <librdkafka/rdkafkacpp.h>

namespace chat::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int all_brokers = -1;
constexpr int message_partitions = 4;

std::unique_ptr<RdKafka::Conf> make_conf(const std::vector<std::pair<std::string, std::string>>& properties) {
  std::unique_ptr<RdKafka::Conf> conf(RdKafka::Conf::create(RdKafka::Conf::CONF_GLOBAL));
  std::string reason;
  for (const auto& [name, value] : properties)
    if (conf->set(name, value, reason) != RdKafka::Conf::CONF_OK) throw std::logic_error(reason);
  return conf;
}

template <class T>
std::unique_ptr<T> make_client(const std::vector<std::pair<std::string, std::string>>& properties) {
  std::string reason;
  std::unique_ptr<T> client(T::create(make_conf(properties).get(), reason));
  if (!client) throw std::runtime_error(reason);
  return client;
}

StoredRecord to_record(RdKafka::Message& message) {
  StoredRecord record{message.partition(), message.offset(), {}, {}, {}};
  if (message.key() != nullptr) record.key = *message.key();
  if (message.len() > 0) record.value.assign(static_cast<const char*>(message.payload()), message.len());
  if (auto* headers = message.headers()) {
    for (const auto& header : headers->get_all())
      record.headers[header.key()] = std::string(header.value_string(), header.value_size());
  }
  return record;
}

}  // namespace

bool eventually(const std::function<bool()>& done, std::chrono::milliseconds limit) {
  const auto deadline = Clock::now() + limit;
  while (!done()) {
    if (Clock::now() >= deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  return true;
}

struct MockCluster::Impl {
  std::unique_ptr<RdKafka::Producer> owner;
  rd_kafka_mock_cluster_t* cluster = nullptr;
  std::string brokers;
  std::unique_ptr<RdKafka::Producer> producer;
};

MockCluster::MockCluster() : impl_(std::make_unique<Impl>()) {
  // The mock ends at its owner's next timer; by default that is up to a second away.
  impl_->owner =
      make_client<RdKafka::Producer>({{"log_level", "0"}, {"topic.metadata.refresh.interval.ms", "10"}});
  impl_->cluster = rd_kafka_mock_cluster_new(impl_->owner->c_ptr(), 1);
  impl_->brokers = rd_kafka_mock_cluster_bootstraps(impl_->cluster);
  rd_kafka_mock_topic_create(impl_->cluster, "MESSAGES", message_partitions, 1);
  rd_kafka_mock_topic_create(impl_->cluster, "MESSAGES.dead", 1, 1);
}

MockCluster::~MockCluster() {
  impl_->producer.reset();
  rd_kafka_mock_cluster_destroy(impl_->cluster);
}

config::KafkaSettings MockCluster::settings() const {
  config::KafkaSettings settings;
  settings.brokers = impl_->brokers;
  settings.partitions = message_partitions;
  return settings;
}

void MockCluster::down() {
  rd_kafka_mock_broker_set_down(impl_->cluster, all_brokers);
}

void MockCluster::up() {
  rd_kafka_mock_broker_set_up(impl_->cluster, all_brokers);
}

void MockCluster::fail_next(std::int16_t request, int error, int times) {
  const std::vector<rd_kafka_resp_err_t> errors(static_cast<std::size_t>(times),
                                                static_cast<rd_kafka_resp_err_t>(error));
  rd_kafka_mock_push_request_errors_array(impl_->cluster, request, errors.size(), errors.data());
}

void MockCluster::set_leader(const std::string& topic, std::int32_t partition, std::int32_t broker) {
  rd_kafka_mock_partition_set_leader(impl_->cluster, topic.c_str(), partition, broker);
}

void MockCluster::set_delay(std::chrono::milliseconds delay) {
  rd_kafka_mock_broker_set_rtt(impl_->cluster, all_brokers, static_cast<int>(delay.count()));
}

void MockCluster::produce(const std::string& topic, std::int32_t partition, const std::string& key,
                          const std::string& value) {
  auto& producer = impl_->producer;
  if (!producer)
    producer = make_client<RdKafka::Producer>({{"bootstrap.servers", impl_->brokers}, {"linger.ms", "0"}});
  std::string copy = value;
  const auto error = producer->produce(topic, partition, RdKafka::Producer::RK_MSG_COPY, copy.data(),
                                       copy.size(), key.data(), key.size(), 0, nullptr);
  if (error != RdKafka::ERR_NO_ERROR) throw std::runtime_error(RdKafka::err2str(error));
  if (producer->flush(static_cast<int>(std::chrono::milliseconds{patience}.count())) != RdKafka::ERR_NO_ERROR)
    throw std::runtime_error("the mock broker did not take a record");
}

std::vector<StoredRecord> MockCluster::read(const std::string& topic, std::size_t count) const {
  const auto consumer = make_client<RdKafka::KafkaConsumer>({{"bootstrap.servers", impl_->brokers},
                                                             {"group.id", "reader"},
                                                             {"enable.auto.commit", "false"},
                                                             {"enable.partition.eof", "true"}});
  std::vector<RdKafka::TopicPartition*> partitions;
  const int partition_count = topic == "MESSAGES" ? message_partitions : 1;
  partitions.reserve(static_cast<std::size_t>(partition_count));
  for (int i = 0; i < partition_count; ++i)
    partitions.push_back(RdKafka::TopicPartition::create(topic, i, RdKafka::Topic::OFFSET_BEGINNING));
  consumer->assign(partitions);
  RdKafka::TopicPartition::destroy(partitions);
  std::vector<StoredRecord> records;
  std::map<std::int32_t, bool> ends;
  const auto deadline = Clock::now() + patience;
  const auto is_complete = [&] {
    return records.size() >= count && ends.size() == static_cast<std::size_t>(partition_count);
  };
  while (!is_complete() && Clock::now() < deadline) {
    const std::unique_ptr<RdKafka::Message> message(consumer->consume(100));
    if (message->err() == RdKafka::ERR_NO_ERROR) records.push_back(to_record(*message));
    if (message->err() == RdKafka::ERR__PARTITION_EOF) ends[message->partition()] = true;
  }
  return records;
}

}  // namespace chat::test
