// Asks brokers about a topic: its settings, its replicas, and whether a record would be taken.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "common/base/result.hpp"
#include "common/base/trouble.hpp"
#include "common/config/service_settings.hpp"
#include "common/kafka/durability.hpp"

namespace chat::kafka {

struct TopicLook {
  DurabilityFacts facts;
  std::optional<Trouble> trouble;  // why a record would not be taken now
};

/// One Kafka client of its own. One thread.
///
/// A write is tried without leaving anything: a record goes to a partition of each leader with acks=2. A
/// broker looks at the user's rights first and then refuses every number of acks but 0, 1 and all, before it
/// touches its log, whatever the topic's settings are. So the answer "invalid acks" shows that the record
/// would have been let in; the leader and the replicas in sync are told by the metadata.
class TopicInspector {
 public:
  enum class Use { reads, writes };

  /// A write is tried only where the topic is used for writes. The error is a sentence for the start:
  /// settings with which no client can be made.
  static Result<std::unique_ptr<TopicInspector>> make(const config::KafkaSettings& settings,
                                                      const std::string& topic, const std::string& client_id,
                                                      Use use);
  ~TopicInspector();

  /// Blocks for at most about `wait`. What no broker tells in that time counts as unreadable.
  DurabilityFacts read_settings(std::chrono::milliseconds wait);

  /// The same, and tries a write; for at most about twice `wait`.
  TopicLook look(std::chrono::milliseconds wait);

  /// Lets a look() end soon, with whatever it has. Any thread.
  void give_up();

 private:
  struct Impl;
  explicit TopicInspector(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace chat::kafka
