#include "persister/pipeline/batch.hpp"

#include <algorithm>
#include <utility>

#include "common/base/bug.hpp"
#include "persister/pipeline/incoming.hpp"

namespace chat::persister {

void Batch::drop(std::span<const std::int32_t> partitions) {
  const auto is_dropped = [&](std::int32_t partition) {
    return std::ranges::find(partitions, partition) != partitions.end();
  };
  std::erase_if(rows, [&](const Row& row) { return is_dropped(row.record.partition); });
  std::erase_if(letters, [&](const DeadLetter& letter) { return is_dropped(letter.record.partition); });
  std::erase_if(reached, [&](const auto& entry) { return is_dropped(entry.first); });
}

std::vector<Position> to_positions(const std::map<std::int32_t, StoredPosition>& reached) {
  std::vector<Position> positions;
  positions.reserve(reached.size());
  for (const auto& [partition, position] : reached) positions.push_back({partition, position.next_offset});
  return positions;
}

void Batcher::add(SourceRecord record, TimePoint now) {
  if (batch_.empty()) {
    batch_.since = now;
    batch_.oldest_timestamp = record.timestamp;
  }
  StoredPosition& reached = batch_.reached[record.partition];
  CHAT_BUG(record.offset < reached.next_offset, "the offsets of a partition do not rise within a batch");
  reached = {record.offset + 1, hash_of(record)};
  bytes_ += record.value.size();
  auto message = read_message(record, topic_);
  if (message) {
    batch_.rows.push_back({std::move(record), std::move(*message)});
  } else {
    const std::string& reason = message.error().message;
    batch_.letters.push_back({std::move(record), reason, DeadLetterCause::undecodable});
  }
}

bool Batcher::is_due(TimePoint now) const {
  if (batch_.empty()) return false;
  return batch_.rows.size() + batch_.letters.size() >= limits_.records || bytes_ >= limits_.bytes ||
         now - batch_.since >= limits_.age;
}

std::chrono::milliseconds Batcher::time_left(TimePoint now, std::chrono::milliseconds max) const {
  if (batch_.empty()) return max;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(batch_.since + limits_.age - now);
  return std::clamp(left, std::chrono::milliseconds{0}, max);
}

Batch Batcher::take() {
  bytes_ = 0;
  return std::exchange(batch_, {});
}

}  // namespace chat::persister
