// What Redis, Kafka and PostgreSQL say about one message.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/kafka/log_bounds.hpp"
#include "common/wire/cursor.hpp"
#include "common/wire/uuid.hpp"

namespace chat::gateway::lookup {

/// A server; where it did not answer, all that it could have told is empty.
struct Source {
  bool answered = false;
  std::string problem;  // why it did not: one sentence
};

/// Times are in milliseconds since 1970.
struct StreamEntry {
  Cursor cursor;
  Uuid id;
  std::int64_t sent_at = 0;
};

struct RedisFacts : Source {
  Cursor newest;     // number of the room; {0, 0}: Redis does not know the room
  Cursor watermark;  // {0, 0}: the room has none
  std::optional<Cursor> oldest_entry;
  std::optional<StreamEntry> entry;
  std::optional<Cursor> remembered;  // the number that retries of the id are answered with
};

struct KafkaEntry {
  Cursor cursor;
  Uuid id;
  std::int64_t offset = 0;
  std::int64_t time = -1;  // Kafka's; -1: it has none
};

struct DeadLetter {
  std::int64_t offset = 0;  // among the messages; -1: the letter does not tell
  std::int64_t time = -1;
  std::string reason;
};

struct KafkaFacts : Source {
  std::int32_t partition = -1;
  kafka::LogBounds bounds;
  std::optional<KafkaEntry> record;
  std::int64_t searched_from = 0;  // offsets that were looked through, the end not included
  std::int64_t searched_to = 0;
  bool searched_all_unstored = false;  // every record that PostgreSQL may lack was among them
  std::optional<DeadLetter> dead_letter;

  std::int64_t searched() const { return searched_to - searched_from; }
};

struct Row {
  Cursor cursor;
  Uuid id;
  std::int64_t sent_at = 0;
  std::int64_t created_at = 0;
  std::int32_t partition = -1;  // -1: of the system before this one
  std::int64_t offset = -1;     // -1: stored from Redis
};

/// The reason of a number at or below its room's floor.
inline constexpr std::string_view pruned = "deleted by chat-persister prune";

struct NotedVoid {
  std::string reason;
  std::int64_t noted_at = 0;
};

struct PostgresFacts : Source {
  Cursor newest;  // of the room's rows and void numbers; {0, 0}: there are none
  std::optional<Row> row;
  std::optional<NotedVoid> void_number;
  std::optional<std::int64_t> next_offset;  // of the room's partition: all below is stored
  bool position_is_of_another_topic = false;
};

struct Facts {
  std::string room;
  std::optional<Cursor> cursor;  // asked for, or found for the id; none: it is not known
  std::optional<Uuid> id;        // asked for, or found for the number
  bool was_asked_by_id = false;
  bool took_newest_epoch = false;  // SEQ alone was asked for
  RedisFacts redis;
  KafkaFacts kafka;
  PostgresFacts postgres;

  /// The room's newest number as far as anybody told.
  Cursor newest() const { return redis.newest < postgres.newest ? postgres.newest : redis.newest; }

  /// Records of the partition that are not stored; none while either side is not known.
  std::optional<std::int64_t> lag() const {
    if (!kafka.answered || !postgres.next_offset || *postgres.next_offset > kafka.bounds.end)
      return std::nullopt;
    return kafka.bounds.end - *postgres.next_offset;
  }
};

}  // namespace chat::gateway::lookup
