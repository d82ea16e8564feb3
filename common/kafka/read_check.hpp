// Whether the user may read a topic, for services that do so now and then only.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "common/base/result.hpp"
#include "common/base/trouble.hpp"
#include "common/config/service_settings.hpp"

namespace chat::kafka {

/// One Kafka client of its own, outside any group. One thread.
class ReadCheck {
 public:
  static Result<std::unique_ptr<ReadCheck>> make(const config::KafkaSettings& settings,
                                                 const std::string& client_id);
  ~ReadCheck();

  /// Fetches at the end of the topic's first partition, for at most about `wait`. No answer in time is no
  /// trouble: it says nothing about rights, and others notice it.
  std::optional<Trouble> look(std::chrono::milliseconds wait);

 private:
  struct Impl;
  explicit ReadCheck(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace chat::kafka
