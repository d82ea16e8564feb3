// Asks Kafka about one message.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/config/service_settings.hpp"
#include "common/kafka/consumer.hpp"
#include "common/kafka/end_offsets.hpp"
#include "gateway/lookup/facts.hpp"
#include "gateway/lookup/search_window.hpp"

namespace chat::gateway::lookup {

/// Called now and then while records are looked through.
using Progress = std::function<void(std::int64_t searched, std::int64_t of)>;

/// What is searched for: a record that has either.
struct Wanted {
  std::string room;
  std::optional<Cursor> cursor;
  std::optional<Uuid> id;
};

/// Pure. The record's number and id, where it is the wanted one's.
std::optional<KafkaEntry> match(const kafka::ConsumedRecord& record, const Wanted& wanted);

/// Pure. The dead letter of the wanted message, which is known by its number, id or the offset of its record.
std::optional<DeadLetter> match_letter(const kafka::ConsumedRecord& letter, const Wanted& wanted,
                                       std::int32_t partition, std::optional<std::int64_t> offset);

/// Only reads. One thread; each question blocks for at most `limit` without an answer. After the first
/// failure nothing more is asked, and the facts say why.
class KafkaLookup {
 public:
  KafkaLookup(const config::KafkaSettings& settings, std::chrono::milliseconds limit, Progress progress);
  ~KafkaLookup();

  /// The room's partition and its bounds.
  void look_at_partition(const std::string& room, KafkaFacts& facts);

  /// Whether the position belongs to the topic as it is now; none where Kafka does not say.
  std::optional<bool> proves(const StoredPosition& position, const KafkaFacts& facts);

  /// The record at this very offset.
  void read(const Wanted& wanted, std::int64_t offset, KafkaFacts& facts);

  /// Looks through at most `max` records. `sent_at`: of the message, where it is known.
  void search(const Wanted& wanted, std::optional<std::int64_t> next_offset,
              std::optional<std::int64_t> sent_at, std::int64_t max, KafkaFacts& facts);

  /// Looks through the newest `max` dead letters. A topic that is not there has none.
  void search_dead_letters(const Wanted& wanted, std::int64_t max, KafkaFacts& facts);

 private:
  class Search;

  void fail(KafkaFacts& facts, const std::string& what) const;

  const config::KafkaSettings settings_;
  const std::chrono::milliseconds limit_;
  const Progress progress_;
  std::unique_ptr<kafka::EndOffsets> offsets_;
  std::string reason_;  // why there is no client
};

}  // namespace chat::gateway::lookup
