#include "common/kafka/stored_progress.hpp"

#include <utility>

namespace chat::kafka {
namespace {

constexpr std::chrono::milliseconds wait{2'000};

}  // namespace

ProgressSources make_progress_sources(std::shared_ptr<EndOffsets> offsets,
                                      std::function<std::optional<StoredPositions>()> positions) {
  ProgressSources sources;
  sources.partition = [offsets](const std::string& room) -> std::optional<std::int32_t> {
    const auto partitions = offsets->partitions(wait);
    return partitions ? std::optional(partition_of(room, *partitions)) : std::nullopt;
  };
  sources.end_offset = [offsets](std::int32_t partition) { return offsets->end_offset(partition, wait); };
  sources.positions = std::move(positions);
  sources.proves = [offsets](std::int32_t partition, const StoredPosition& position) {
    return offsets->proves(partition, position, wait);
  };
  return sources;
}

std::optional<std::int64_t> ProgressLook::end_offset(std::int32_t partition) {
  const auto [answer, is_new] = ends_.try_emplace(partition);
  if (is_new) answer->second = sources_.end_offset(partition);
  return answer->second;
}

const StoredPositions* ProgressLook::positions() {
  if (!positions_) positions_ = sources_.positions();
  return *positions_ ? &**positions_ : nullptr;
}

StoredPosition ProgressLook::position(std::int32_t partition) {
  const StoredPositions* const all = positions();
  if (all == nullptr) return {};
  const auto found = all->find(partition);
  return found == all->end() ? StoredPosition{} : found->second;
}

std::optional<bool> ProgressLook::proves(std::int32_t partition) {
  const auto [answer, is_new] = proofs_.try_emplace(partition);
  if (is_new && positions() != nullptr) answer->second = sources_.proves(partition, position(partition));
  return answer->second;
}

bool ProgressLook::has_stored(std::int32_t partition, std::int64_t end) {
  if (positions() == nullptr || position(partition).next_offset < end) return false;
  return proves(partition).value_or(false);
}

}  // namespace chat::kafka
