// The epochs that Kafka and PostgreSQL know.
#pragma once

#include <cstdint>
#include <functional>

namespace chat::gateway {

struct ArchivedEpochs {
  bool is_known = false;     // false: a server is away, or PostgreSQL lacks records that Kafka has
  std::int64_t highest = 0;  // of all messages that Kafka had when it was asked; 0 for none
  bool is_empty = false;     // no message ever reached Kafka or PostgreSQL
};

class EpochArchive {
 public:
  virtual ~EpochArchive() = default;

  /// Does not block. The handler runs once, on the thread of its asker, and not when the object is destroyed
  /// first. One question at a time.
  virtual void find_highest(std::function<void(ArchivedEpochs)> handler) = 0;
};

}  // namespace chat::gateway
