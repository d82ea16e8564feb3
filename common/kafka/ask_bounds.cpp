#include "common/kafka/ask_bounds.hpp"

#include "common/kafka/handles.hpp"

namespace chat::kafka {
namespace {

std::optional<std::int64_t> ask_offset(rd_kafka_t* client, const std::string& topic, std::int32_t partition,
                                       std::int64_t which, std::chrono::milliseconds wait) {
  const TopicPartitions list(rd_kafka_topic_partition_list_new(1));
  auto* const asked = rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition);
  asked->offset = which;
  const auto error = rd_kafka_offsets_for_times(client, list.get(), static_cast<int>(wait.count()));
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR || asked->err != RD_KAFKA_RESP_ERR_NO_ERROR || asked->offset < 0)
    return std::nullopt;
  return asked->offset;
}

}  // namespace

std::optional<LogBounds> ask_bounds(rd_kafka_t* client, const std::string& topic, std::int32_t partition,
                                    std::chrono::milliseconds wait) {
  const auto start = ask_offset(client, topic, partition, RD_KAFKA_OFFSET_BEGINNING, wait);
  if (!start) return std::nullopt;
  const auto end = ask_offset(client, topic, partition, RD_KAFKA_OFFSET_END, wait);
  return end ? std::optional(LogBounds{*start, *end}) : std::nullopt;
}

}  // namespace chat::kafka
