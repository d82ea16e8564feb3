// A topic from where a group stands to where the topic ends now; a reading that comes to an end.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "common/base/result.hpp"
#include "common/config/service_settings.hpp"
#include "common/kafka/consumer.hpp"

namespace chat::kafka {

struct TopicReaderOptions {
  std::string client_id;  // as the brokers see it
  std::string name;       // in our logs
  std::string topic;
  std::string group;  // only its offsets are used; it has no members
};

/// One thread. Two readers of one group at the same time read the same.
class TopicReader {
 public:
  /// Asks where the topic ends and where the group stands, from the earliest record on where it has no
  /// offsets; blocks for a few times `wait` at most. The error is one sentence.
  static Result<std::unique_ptr<TopicReader>> open(const config::KafkaSettings& settings,
                                                   const TopicReaderOptions& options,
                                                   std::chrono::milliseconds wait);
  ~TopicReader();

  /// Whether everything was read that was there at open().
  bool is_at_end() const;

  /// The next record, or none within `wait`. Errors are logged.
  std::optional<ConsumedRecord> next(std::chrono::milliseconds wait);

  /// Lets the group stand behind the last record of next(). None when it does, else the reason.
  std::optional<std::string> commit(std::chrono::milliseconds wait);

 private:
  struct Impl;
  explicit TopicReader(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace chat::kafka
