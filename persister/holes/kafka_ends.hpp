// What the hole finder asks Kafka.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "common/config/service_settings.hpp"
#include "common/wire/stored_position.hpp"

namespace chat::persister {

/// Of one thread; each call blocks for a few seconds at most. None: no answer.
struct KafkaEnds {
  std::function<std::optional<std::int32_t>(const std::string& room)> partition;
  std::function<std::optional<std::int64_t>(std::int32_t partition)> end_offset;
  /// Whether the position is one of this topic as it is now.
  std::function<std::optional<bool>(std::int32_t partition, const StoredPosition&)> proves;
};

/// Owns a client of its own. Throws std::runtime_error where the settings make none.
KafkaEnds make_kafka_ends(const config::KafkaSettings& settings, const std::string& client_id);

}  // namespace chat::persister
