// Whether Kafka still has the records that are known of its partitions.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "common/wire/stored_position.hpp"

namespace chat::persister {

/// Asks Kafka without holding up the pipeline. begin() and take() from one thread; both return at once.
class PositionAudit {
 public:
  using Records = std::map<std::int32_t, KnownRecord>;
  using Answers = std::map<std::int32_t, bool>;

  virtual ~PositionAudit() = default;

  /// Begins to compare the records with the topic as it is now. Not before take() gave the last answers.
  virtual void begin(Records records) = 0;

  /// None while it lasts, which is a few seconds at most. Then, of the partitions that answered, whether the
  /// record is there; also true of one that has expired.
  virtual std::optional<Answers> take() = 0;
};

}  // namespace chat::persister
