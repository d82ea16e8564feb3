#include "gateway/lookup/report.hpp"

#include <chrono>
#include <optional>
#include <string_view>

#include <nlohmann/json.hpp>

#include "common/log/timestamp.hpp"

namespace chat::gateway::lookup {
namespace {

using std::to_string;
using Json = nlohmann::ordered_json;

std::string at(std::int64_t milliseconds) {
  using Time = std::chrono::system_clock::time_point;
  return milliseconds < 0 ? "an unknown time" : log::timestamp(Time(std::chrono::milliseconds(milliseconds)));
}

/// Lines with one word in front of each group.
class Lines {
 public:
  void begin(std::string_view name) { name_ = name; }
  void add(const std::string& line) {
    constexpr std::size_t width = 10;
    text_ += name_;
    text_.append(width - name_.size(), ' ');
    text_ += line + "\n";
    name_ = {};
  }
  const std::string& text() const { return text_; }

 private:
  std::string_view name_;
  std::string text_;
};

std::string known(Cursor cursor, const char* otherwise) {
  return cursor == Cursor{} ? otherwise : to_string(cursor);
}

void add_message(Lines& lines, const Facts& facts) {
  lines.begin("message");
  lines.add("room " + facts.room + ", number " + (facts.cursor ? to_string(*facts.cursor) : "unknown") +
            ", id " + (facts.id ? to_string(*facts.id) : "unknown"));
  if (facts.took_newest_epoch && facts.cursor)
    lines.add("the epoch is the room's newest, " + to_string(facts.cursor->epoch));
}

void add_redis(Lines& lines, const Facts& facts) {
  const RedisFacts& redis = facts.redis;
  lines.begin("redis");
  if (!redis.answered) return lines.add("not known: " + redis.problem);
  if (redis.entry)
    lines.add("in the room's stream, sent at " + at(redis.entry->sent_at));
  else
    lines.add("not in the room's stream, which " +
              (redis.oldest_entry ? "begins at " + to_string(*redis.oldest_entry) : std::string("is empty")));
  lines.add("newest number " + known(redis.newest, "none") + ", watermark " + known(redis.watermark, "none"));
  if (redis.remembered)
    lines.add("the id is remembered as " + to_string(*redis.remembered));
  else if (facts.id)
    lines.add("the id is not remembered");
}

void add_kafka(Lines& lines, const Facts& facts) {
  const KafkaFacts& kafka = facts.kafka;
  lines.begin("kafka");
  if (!kafka.answered) return lines.add("not known: " + kafka.problem);
  const std::string partition = "partition " + to_string(kafka.partition);
  if (kafka.record)
    lines.add(partition + ", offset " + to_string(kafka.record->offset) + ", since " +
              at(kafka.record->time));
  else if (kafka.searched() > 0)
    lines.add(partition + ": not among offsets " + to_string(kafka.searched_from) + " to " +
              to_string(kafka.searched_to - 1));
  else
    lines.add(partition + ": no record was read");
  const std::string held =
      kafka.bounds.end > kafka.bounds.start
          ? "has offsets " + to_string(kafka.bounds.start) + " to " + to_string(kafka.bounds.end - 1)
          : "is empty, its next offset is " + to_string(kafka.bounds.end);
  lines.add("the partition " + held + (facts.lag() ? ", not stored: " + to_string(*facts.lag()) : ""));
  if (kafka.dead_letter)
    lines.add("dead letter since " + at(kafka.dead_letter->time) + ": " + kafka.dead_letter->reason);
}

std::string origin_of(const Row& row) {
  if (row.partition < 0) return "from the system before this one";
  if (row.offset < 0) return "from Redis, by the hole finder";
  return "from partition " + to_string(row.partition) + ", offset " + to_string(row.offset);
}

void add_postgres(Lines& lines, const Facts& facts) {
  const PostgresFacts& postgres = facts.postgres;
  lines.begin("postgres");
  if (!postgres.answered) return lines.add("not known: " + postgres.problem);
  if (postgres.row)
    lines.add("row " + to_string(postgres.row->cursor) + " since " + at(postgres.row->created_at) + ", " +
              origin_of(*postgres.row));
  else
    lines.add("no row");
  if (postgres.void_number)
    lines.add("void number since " + at(postgres.void_number->noted_at) + ": " +
              postgres.void_number->reason);
  if (postgres.next_offset)
    lines.add("the persister's position is offset " + to_string(*postgres.next_offset));
  else if (postgres.position_is_of_another_topic)
    lines.add("the persister's position is one of another topic of this name");
}

Json time_or_null(std::int64_t milliseconds) {
  return milliseconds < 0 ? Json() : Json(at(milliseconds));
}

Json object_of(Cursor cursor) {
  if (cursor == Cursor{}) return nullptr;
  return {{"epoch", cursor.epoch}, {"seq", cursor.seq}};
}

Json object_of(const std::optional<Cursor>& cursor) {
  return object_of(cursor.value_or(Cursor{}));
}

Json object_of(const RedisFacts& redis) {
  Json object = {{"answered", redis.answered}};
  if (!redis.answered) return object["problem"] = redis.problem, object;
  object["newest"] = object_of(redis.newest);
  object["watermark"] = object_of(redis.watermark);
  object["oldest_entry"] = object_of(redis.oldest_entry);
  object["in_stream"] = redis.entry.has_value();
  object["sent_at"] = redis.entry ? time_or_null(redis.entry->sent_at) : Json();
  object["remembered"] = object_of(redis.remembered);
  return object;
}

Json object_of(const KafkaFacts& kafka) {
  Json object = {{"answered", kafka.answered}};
  if (!kafka.answered) return object["problem"] = kafka.problem, object;
  object["partition"] = kafka.partition;
  object["first_offset"] = kafka.bounds.start;
  object["next_offset"] = kafka.bounds.end;
  object["offset"] = kafka.record ? Json(kafka.record->offset) : Json();
  object["time"] = kafka.record ? time_or_null(kafka.record->time) : Json();
  object["searched"] = kafka.searched();
  object["dead_letter"] = kafka.dead_letter ? Json{{"reason", kafka.dead_letter->reason},
                                                   {"time", time_or_null(kafka.dead_letter->time)}}
                                            : Json();
  return object;
}

Json object_of(const PostgresFacts& postgres) {
  Json object = {{"answered", postgres.answered}};
  if (!postgres.answered) return object["problem"] = postgres.problem, object;
  if (const auto& row = postgres.row)
    object["row"] = {{"epoch", row->cursor.epoch},        {"seq", row->cursor.seq},
                     {"sent_at", at(row->sent_at)},       {"created_at", at(row->created_at)},
                     {"kafka_partition", row->partition}, {"kafka_offset", row->offset}};
  else
    object["row"] = nullptr;
  object["void_number"] = postgres.void_number ? Json{{"reason", postgres.void_number->reason},
                                                      {"noted_at", at(postgres.void_number->noted_at)}}
                                               : Json();
  object["position"] = postgres.next_offset ? Json(*postgres.next_offset) : Json();
  return object;
}

}  // namespace

std::string to_text(const Facts& facts, const Verdict& verdict) {
  Lines lines;
  add_message(lines, facts);
  add_redis(lines, facts);
  add_kafka(lines, facts);
  add_postgres(lines, facts);
  lines.begin("verdict");
  lines.add(verdict.sentence + (verdict.advice.empty() ? "" : " (" + verdict.advice + ")"));
  return lines.text();
}

std::string to_json(const Facts& facts, const Verdict& verdict) {
  const Json object = {
      {"room", facts.room},
      {"epoch", facts.cursor ? Json(facts.cursor->epoch) : Json()},
      {"seq", facts.cursor ? Json(facts.cursor->seq) : Json()},
      {"id", facts.id ? Json(to_string(*facts.id)) : Json()},
      {"redis", object_of(facts.redis)},
      {"kafka", object_of(facts.kafka)},
      {"postgres", object_of(facts.postgres)},
      {"lag", facts.lag() ? Json(*facts.lag()) : Json()},
      {"verdict",
       {{"state", name(verdict.state)}, {"sentence", verdict.sentence}, {"advice", verdict.advice}}}};
  return object.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace chat::gateway::lookup
