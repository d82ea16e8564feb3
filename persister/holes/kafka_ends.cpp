#include "persister/holes/kafka_ends.hpp"

#include <chrono>
#include <memory>
#include <stdexcept>
#include <utility>

#include "common/kafka/end_offsets.hpp"

namespace chat::persister {
namespace {

constexpr std::chrono::milliseconds wait{2'000};

}  // namespace

KafkaEnds make_kafka_ends(const config::KafkaSettings& settings, const std::string& client_id) {
  auto made = kafka::EndOffsets::make(settings, client_id);
  if (!made) throw std::runtime_error(made.error().message);
  const std::shared_ptr<kafka::EndOffsets> offsets = std::move(*made);
  KafkaEnds ends;
  ends.partition = [offsets](const std::string& room) -> std::optional<std::int32_t> {
    const auto partitions = offsets->partitions(wait);
    return partitions ? std::optional(kafka::partition_of(room, *partitions)) : std::nullopt;
  };
  ends.end_offset = [offsets](std::int32_t partition) { return offsets->end_offset(partition, wait); };
  ends.proves = [offsets](std::int32_t partition, const StoredPosition& position) {
    return offsets->proves(partition, position, wait);
  };
  return ends;
}

}  // namespace chat::persister
