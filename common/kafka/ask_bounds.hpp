// Asks for the bounds of a partition. Included inside common/kafka only.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include <librdkafka/rdkafka.h>

#include "common/kafka/log_bounds.hpp"

namespace chat::kafka {

/// None when its leader does not answer within `wait` for each of the two. It does not use
/// rd_kafka_query_watermark_offsets, which in librdkafka 2.0 waits for a leader that is down without regard
/// to its limit.
std::optional<LogBounds> ask_bounds(rd_kafka_t* client, const std::string& topic, std::int32_t partition,
                                    std::chrono::milliseconds wait);

}  // namespace chat::kafka
