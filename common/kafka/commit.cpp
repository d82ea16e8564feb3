#include "common/kafka/commit.hpp"

#include <librdkafka/rdkafka.h>

namespace chat::kafka {

std::optional<std::string> commit_within(RdKafka::KafkaConsumer& consumer, const std::string& topic,
                                         const std::vector<PartitionOffset>& offsets,
                                         std::chrono::milliseconds wait) {
  rd_kafka_t* handle = consumer.c_ptr();
  auto* list = rd_kafka_topic_partition_list_new(static_cast<int>(offsets.size()));
  for (const auto& [partition, offset] : offsets)
    rd_kafka_topic_partition_list_add(list, topic.c_str(), partition)->offset = offset;
  rd_kafka_queue_t* queue = rd_kafka_queue_new(handle);
  auto error = rd_kafka_commit_queue(handle, list, queue, nullptr, nullptr);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
    rd_kafka_event_t* event = rd_kafka_queue_poll(queue, static_cast<int>(wait.count()));
    error = event == nullptr ? RD_KAFKA_RESP_ERR__TIMED_OUT : rd_kafka_event_error(event);
    rd_kafka_event_destroy(event);
  }
  rd_kafka_queue_destroy(queue);
  rd_kafka_topic_partition_list_destroy(list);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return std::nullopt;
  return rd_kafka_err2str(error);
}

}  // namespace chat::kafka
