// The topic at start: found, or made by the first service that needs it.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "common/base/result.hpp"
#include "common/base/trouble.hpp"
#include "common/config/service_settings.hpp"

namespace chat::kafka {

using OnTrouble = std::function<void(const Trouble&)>;

/// Blocks until `topic` exists, for at most `wait`: brokers that are still starting are waited for. Makes it
/// with the settings' partitions and replicas where it is missing; from three replicas on, two must have a
/// record before it is acknowledged (min.insync.replicas). Its records have the brokers' time. Another number
/// of partitions than the settings say is logged and kept. The error is one sentence that says what to
/// do: a property that librdkafka does not know, no broker, a login or certificate that is refused, a topic
/// that may not be made. A refused login ends the wait at once. `on_trouble` is told after each try that
/// failed and is to be repeated; may be empty.
Result<void> ensure_topic(const config::KafkaSettings& settings, const std::string& topic,
                          std::chrono::milliseconds wait, const OnTrouble& on_trouble = {});

}  // namespace chat::kafka
