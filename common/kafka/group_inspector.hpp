// Asks brokers whether a consumer group may read a topic.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "common/base/result.hpp"
#include "common/base/trouble.hpp"
#include "common/config/service_settings.hpp"

namespace chat::kafka {

/// One Kafka client of its own, which is no member of the group and commits nothing. One thread.
class GroupInspector {
 public:
  /// The error is a sentence for the start: settings with which no client can be made.
  static Result<std::unique_ptr<GroupInspector>> make(const config::KafkaSettings& settings,
                                                      const std::string& topic, const std::string& group,
                                                      const std::string& client_id);
  ~GroupInspector();

  /// Reads the group's offset of the first partition, and fetches from that partition's end. Why one of them
  /// is not possible, or none. For at most about twice `wait`.
  std::optional<Trouble> look(std::chrono::milliseconds wait);

 private:
  struct Impl;
  explicit GroupInspector(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace chat::kafka
