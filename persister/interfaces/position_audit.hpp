// Whether Kafka still has the records that positions were noted behind.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "common/wire/stored_position.hpp"

namespace chat::persister {

/// Asks Kafka beside the storing, which it never holds up. begin() and take() from one thread; both return at
/// once.
class PositionAudit {
 public:
  using Positions = std::map<std::int32_t, StoredPosition>;
  using Answers = std::map<std::int32_t, bool>;

  virtual ~PositionAudit() = default;

  /// Begins to compare the positions with the topic as it is now. Not before take() gave the last answers.
  virtual void begin(Positions positions) = 0;

  /// None while it lasts, which is a few seconds at most. Then, of the partitions that answered, whether the
  /// position is one of this very topic.
  virtual std::optional<Answers> take() = 0;
};

}  // namespace chat::persister
