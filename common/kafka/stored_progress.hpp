// How far PostgreSQL is with what the partitions of the topic hold.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "common/kafka/end_offsets.hpp"
#include "common/wire/stored_position.hpp"

namespace chat::kafka {

using StoredPositions = std::map<std::int32_t, StoredPosition>;

/// Of one thread; each call blocks for a few seconds at most. None: no answer.
struct ProgressSources {
  std::function<std::optional<std::int32_t>(const std::string& room)> partition;
  std::function<std::optional<std::int64_t>(std::int32_t partition)> end_offset;
  std::function<std::optional<StoredPositions>()> positions;
  /// Whether the position is one of this topic as it is now, and not of one that was deleted or has another
  /// name.
  std::function<std::optional<bool>(std::int32_t partition, const StoredPosition&)> proves;
};

/// Asks Kafka through `offsets`, and PostgreSQL through `positions`.
ProgressSources make_progress_sources(std::shared_ptr<EndOffsets> offsets,
                                      std::function<std::optional<StoredPositions>()> positions);

/// One look, on one thread: asks for each partition's end and proof and for all positions at most once,
/// however many rooms want to know.
class ProgressLook {
 public:
  /// `sources` outlives it.
  explicit ProgressLook(const ProgressSources& sources) : sources_(sources) {}

  std::optional<std::int64_t> end_offset(std::int32_t partition);

  /// Null: PostgreSQL does not answer.
  const StoredPositions* positions();

  /// {} where PostgreSQL has none, or does not answer.
  StoredPosition position(std::int32_t partition);

  /// Whether PostgreSQL's position of the partition belongs to this very topic. Ask after the end was read,
  /// so that a topic that was made again before it is noticed.
  std::optional<bool> proves(std::int32_t partition);

  /// PostgreSQL has all below this end, and its position is proven.
  bool has_stored(std::int32_t partition, std::int64_t end);

 private:
  template <class Value>
  using Answers = std::map<std::int32_t, std::optional<Value>>;

  const ProgressSources& sources_;
  Answers<std::int64_t> ends_;
  Answers<bool> proofs_;
  std::optional<std::optional<StoredPositions>> positions_;
};

}  // namespace chat::kafka
