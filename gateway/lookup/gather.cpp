#include "gateway/lookup/gather.hpp"

#include <optional>
#include <utility>

#include "gateway/lookup/postgres_lookup.hpp"
#include "gateway/lookup/redis_lookup.hpp"

namespace chat::gateway::lookup {
namespace {

class Gathering {
 public:
  Gathering(const LookupSettings& settings, const Asked& asked, const Progress& progress)
      : settings_(settings),
        asked_(asked),
        redis_(settings.redis, settings.limit),
        postgres_(settings.database, settings.kafka.topic),
        kafka_(settings.kafka, settings.limit, progress) {
    facts_.room = asked.room;
    facts_.cursor = asked.number;
    facts_.id = asked.id;
    facts_.was_asked_by_id = asked.id.has_value();
  }

  Facts run() {
    redis_.look_at_room(room(), facts_.redis);
    postgres_.look_at_room(room(), facts_.postgres);
    if (asked_.seq) take_newest_epoch();
    if (facts_.id) learn_number();
    find_by_number();
    ask_kafka();
    return std::move(facts_);
  }

 private:
  const std::string& room() const { return asked_.room; }

  void take_newest_epoch() {
    facts_.took_newest_epoch = true;
    if (facts_.newest().epoch > 0) facts_.cursor = Cursor{facts_.newest().epoch, *asked_.seq};
  }

  void learn_number() {
    postgres_.find(room(), *facts_.id, facts_.postgres);
    redis_.find_number(room(), *facts_.id, facts_.redis);
    if (facts_.redis.remembered)
      facts_.cursor = facts_.redis.remembered;
    else if (facts_.postgres.row)
      facts_.cursor = facts_.postgres.row->cursor;
  }

  /// A number that has no row may be one of an id that is stored under another number.
  void find_by_number() {
    if (!facts_.cursor) return;
    const Cursor cursor = *facts_.cursor;
    redis_.find_entry(room(), cursor, facts_.redis);
    if (!facts_.postgres.row) postgres_.find(room(), cursor, facts_.postgres);
    if (!facts_.id && facts_.postgres.row) facts_.id = facts_.postgres.row->id;
    if (!facts_.id && facts_.redis.entry) facts_.id = facts_.redis.entry->id;
    if (!facts_.id || facts_.was_asked_by_id) return;
    redis_.find_number(room(), *facts_.id, facts_.redis);
    if (!facts_.postgres.row) find_row_of_id();
  }

  void find_row_of_id() {
    PostgresFacts by_id = facts_.postgres;
    postgres_.find(room(), *facts_.id, by_id);
    facts_.postgres = std::move(by_id);
  }

  void ask_kafka() {
    kafka_.look_at_partition(room(), facts_.kafka);
    take_position();
    const Wanted wanted{room(), facts_.cursor, facts_.id};
    if (!wanted.cursor && !wanted.id) return;
    const auto& row = facts_.postgres.row;
    if (row && row->offset >= 0) return kafka_.read(wanted, row->offset, facts_.kafka);
    if (row) return;
    const auto sent_at = facts_.redis.entry ? std::optional(facts_.redis.entry->sent_at) : std::nullopt;
    kafka_.search(wanted, facts_.postgres.next_offset, sent_at, settings_.max_records, facts_.kafka);
    learn_from_record();
    kafka_.search_dead_letters({room(), facts_.cursor, facts_.id}, settings_.max_records, facts_.kafka);
  }

  /// A position of a topic that was made again says nothing about this one.
  void take_position() {
    if (!facts_.kafka.answered) return;
    const auto position = postgres_.position(facts_.kafka.partition);
    if (!position) return;
    facts_.postgres.position_is_of_another_topic = kafka_.proves(*position, facts_.kafka) == false;
    if (!facts_.postgres.position_is_of_another_topic) facts_.postgres.next_offset = position->next_offset;
  }

  /// Only Kafka may know both number and id.
  void learn_from_record() {
    if (!facts_.kafka.record) return;
    if (!facts_.cursor) facts_.cursor = facts_.kafka.record->cursor;
    if (!facts_.id) facts_.id = facts_.kafka.record->id;
  }

  const LookupSettings& settings_;
  const Asked& asked_;
  Facts facts_;
  RedisLookup redis_;
  PostgresLookup postgres_;
  KafkaLookup kafka_;
};

}  // namespace

Facts gather(const LookupSettings& settings, const Asked& asked, const Progress& progress) {
  return Gathering(settings, asked, progress).run();
}

}  // namespace chat::gateway::lookup
