#include "common/kafka/commit.hpp"

#include <cstring>

#include <librdkafka/rdkafka.h>

namespace chat::kafka {

TopicPartitions to_commit(const std::string& topic, const std::vector<PartitionOffset>& offsets) {
  TopicPartitions list(rd_kafka_topic_partition_list_new(static_cast<int>(offsets.size())));
  for (const auto& [partition, offset, metadata] : offsets) {
    auto* const each = rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition);
    each->offset = offset;
    if (metadata.empty()) continue;
    // librdkafka frees it.
    each->metadata = ::strdup(metadata.c_str());
    each->metadata_size = metadata.size();
  }
  return list;
}

std::optional<std::string> commit_within(RdKafka::KafkaConsumer& consumer, const std::string& topic,
                                         const std::vector<PartitionOffset>& offsets,
                                         std::chrono::milliseconds wait) {
  rd_kafka_t* handle = consumer.c_ptr();
  const auto list = to_commit(topic, offsets);
  rd_kafka_queue_t* queue = rd_kafka_queue_new(handle);
  auto error = rd_kafka_commit_queue(handle, list.get(), queue, nullptr, nullptr);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
    rd_kafka_event_t* event = rd_kafka_queue_poll(queue, static_cast<int>(wait.count()));
    error = event == nullptr ? RD_KAFKA_RESP_ERR__TIMED_OUT : rd_kafka_event_error(event);
    rd_kafka_event_destroy(event);
  }
  rd_kafka_queue_destroy(queue);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return std::nullopt;
  return rd_kafka_err2str(error);
}

}  // namespace chat::kafka
