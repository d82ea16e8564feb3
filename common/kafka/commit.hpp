// Commits of offsets that are waited for with a limit. Included inside common/kafka only.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <librdkafka/rdkafkacpp.h>

#include "common/kafka/consumer.hpp"
#include "common/kafka/handles.hpp"

namespace chat::kafka {

/// The offsets and their texts as librdkafka takes them.
TopicPartitions to_commit(const std::string& topic, const std::vector<PartitionOffset>& offsets);

/// The C++ commitSync waits for as long as it takes; a queue of its own can be waited for. None when the
/// group has the offsets, else the reason.
std::optional<std::string> commit_within(RdKafka::KafkaConsumer& consumer, const std::string& topic,
                                         const std::vector<PartitionOffset>& offsets,
                                         std::chrono::milliseconds wait);

}  // namespace chat::kafka
