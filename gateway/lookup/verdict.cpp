#include "gateway/lookup/verdict.hpp"

#include <chrono>
#include <utility>

#include "common/log/timestamp.hpp"

namespace chat::gateway::lookup {
namespace {

using std::to_string;

std::string at(std::int64_t milliseconds) {
  using Time = std::chrono::system_clock::time_point;
  return log::timestamp(Time(std::chrono::milliseconds(milliseconds)));
}

std::string records(std::int64_t count) {
  return to_string(count) + (count == 1 ? " record" : " records");
}

/// What the servers that did not answer leave open, one clause each.
std::string unknowns(const Facts& facts) {
  std::string text;
  const auto add = [&](const Source& source, const char* what) {
    if (source.answered) return;
    if (!text.empty()) text += "; ";
    text += std::string(what) + " is not known: " + source.problem;
  };
  add(facts.redis, "whether Redis has it and how far the watermark is");
  add(facts.kafka, "whether Kafka has it and how far the persister is behind");
  add(facts.postgres, "whether it is stored");
  return text;
}

bool is_passed_by_watermark(const Facts& facts) {
  return facts.cursor && facts.redis.answered && facts.redis.watermark != Cursor{} &&
         facts.redis.watermark.epoch == facts.cursor->epoch && facts.redis.watermark >= *facts.cursor;
}

bool is_held_back_by_watermark(const Facts& facts) {
  return facts.cursor && facts.redis.answered && facts.redis.newest.epoch == facts.cursor->epoch &&
         facts.redis.watermark < *facts.cursor;
}

const Verdict unknown_room{State::unknown_room, "unknown room: neither Redis nor PostgreSQL knows it",
                           "check the spelling"};

Verdict read_too_little(const Facts& facts, const std::string& otherwise) {
  return {State::undecided,
          otherwise + ", and not among the " + records(facts.kafka.searched()) + " of Kafka that were read",
          "repeat with a larger --scan"};
}

constexpr const char* row_is_gone =
    "its row was deleted or pruned, or PostgreSQL came back with less than it had: see "
    "chat_persister_rewinds_total and the persister's log";

Verdict judge_row(const Facts& facts) {
  const Row& row = *facts.postgres.row;
  std::string where = "PostgreSQL since " + at(row.created_at);
  if (row.partition < 0)
    where += ", taken over from the system before this one";
  else if (row.offset < 0)
    where += ", stored by the hole finder from Redis: it had not come to Kafka";
  if (facts.cursor && row.cursor != *facts.cursor)
    return {State::stored_elsewhere,
            "stored under another number, " + to_string(row.cursor) + ": in " + where,
            "Redis had forgotten the id and gave a retry the second number " + to_string(*facts.cursor)};
  std::string advice;
  if (is_held_back_by_watermark(facts))
    advice = "the room's watermark " + to_string(facts.redis.watermark) +
             " has not reached it: an older number of the room is not stored yet, or Redis was not told; the "
             "hole finder moves it (the persister's chat_persister_receipts_waiting, "
             "chat_hole_finder_last_pass_timestamp_seconds)";
  return {State::stored, "stored: in " + where, std::move(advice)};
}

Verdict judge_void(const Facts& facts) {
  const NotedVoid& noted = *facts.postgres.void_number;
  const std::string since = ", noted at " + at(noted.noted_at);
  if (noted.reason == "dead letter")
    return {State::dead_letter, "dead letter: its record can never be stored" + since,
            facts.kafka.dead_letter ? "the reason: " + facts.kafka.dead_letter->reason +
                                          "; once it is mended, chat-persister replay-dead puts it back"
                                    : "chat-persister replay-dead --dry-run lists the reasons"};
  if (noted.reason == pruned)
    return {State::deleted,
            "deleted: chat-persister prune took the room's messages up to this one or a later one",
            "the room's floor was last raised at " + at(noted.noted_at)};
  if (noted.reason.starts_with("lost"))
    return {State::lost, "void: " + noted.reason + since,
            "no server has the message: see the log of the gateway that accepted it, and of Redis, before "
            "that time"};
  return {State::stored_elsewhere, "void: " + noted.reason + since, "ask for its id to find the row"};
}

Verdict judge_record(const Facts& facts) {
  const KafkaEntry& record = *facts.kafka.record;
  const std::string in_kafka =
      "in Kafka" + (record.time < 0 ? std::string() : " since " + at(record.time)) + ", ";
  if (!facts.postgres.answered)
    return {State::undecided, in_kafka + "so it is not lost; whether it is stored is not known"};
  const auto lag = facts.lag();
  if (!lag)
    return {State::in_kafka,
            in_kafka + "not stored yet: PostgreSQL has no position of this topic's partition",
            "see that a persister runs, and its log"};
  if (record.offset < *facts.postgres.next_offset)
    return {State::deleted,
            in_kafka + "and the persister is past it, but PostgreSQL has neither a row nor a void number",
            row_is_gone};
  return {State::in_kafka,
          in_kafka + "not stored yet: the persister is " + records(*lag) + " behind, and " +
              records(record.offset - *facts.postgres.next_offset) + " come before it",
          "see the persister's /readyz and log, chat_persister_paused and chat_kafka_consumer_lag_records"};
}

Verdict judge_entry(const Facts& facts) {
  const std::string shown = "shown to members at " + at(facts.redis.entry->sent_at) + ", ";
  if (!facts.postgres.answered)
    return {State::undecided, shown + "in Redis; whether it is stored is not known"};
  if (is_passed_by_watermark(facts))
    return {State::deleted,
            shown + "and the watermark is past it, but PostgreSQL has neither a row nor a void number",
            row_is_gone};
  if (!facts.kafka.answered)
    return {State::undecided, shown + "not stored; whether Kafka has it is not known",
            "its gateway keeps it and produces it once Kafka is back (chat_journal_records)"};
  if (!facts.kafka.searched_all_unstored) return read_too_little(facts, shown + "not stored");
  return {State::shown,
          shown +
              "not in Kafka: either its gateway still has it, or that gateway is gone and the hole finder "
              "stores it from Redis 10 to 30 s after that",
          "see chat_journal_records of the gateways, and chat_hole_finder_last_pass_timestamp_seconds of the "
          "persister"};
}

Verdict judge_found_nowhere(const Facts& facts) {
  const Cursor cursor = *facts.cursor;
  const Cursor newest = facts.newest();
  if (!facts.postgres.answered) return {State::undecided, "not found; whether it is stored is not known"};
  if (cursor > newest) {
    if (facts.redis.answered && facts.redis.newest != Cursor{})
      return {State::unknown_number, "unknown number: the room's newest is " + to_string(newest)};
    if (!facts.redis.answered || !facts.kafka.answered)
      return {State::undecided, "not stored, and above the newest number that is known, " +
                                    to_string(newest) + "; whether it was given is not known"};
    if (!facts.kafka.searched_all_unstored) return read_too_little(facts, "not stored");
    if (newest == Cursor{}) return unknown_room;
    return {State::unknown_number, "unknown number: the room's newest is " + to_string(newest)};
  }
  if (is_passed_by_watermark(facts))
    return {State::deleted, "the watermark is past it, but PostgreSQL has neither a row nor a void number",
            row_is_gone};
  if (!facts.kafka.answered)
    return {State::undecided, "not stored, and not in Redis any more; whether Kafka has it is not known"};
  if (!facts.kafka.searched_all_unstored) return read_too_little(facts, "not stored");
  if (cursor.epoch < newest.epoch)
    return {State::unknown_number, "unknown number: its epoch is over, and nobody has it",
            "the epoch may never have come so far, or Redis lost the message before Kafka had it"};
  return {State::vanished,
          "gone: the number was given, and neither Redis, Kafka nor PostgreSQL has the message",
          "the hole finder notes it as lost once the persister has stored what Kafka has: see its log and "
          "chat_holes_lost_total"};
}

Verdict judge_unknown_id(const Facts& facts) {
  if (!unknowns(facts).empty()) return {State::undecided, "nobody who answered knows the id"};
  if (!facts.kafka.searched_all_unstored)
    return read_too_little(facts, "the id is not stored, not remembered by Redis");
  return {State::unknown_id, "unknown id: not stored, not in Kafka, and Redis remembers no such send",
          "Redis remembers ids for an hour at least; check room and id, and whether the client got an error"};
}

Verdict judge_known(const Facts& facts) {
  if (facts.postgres.row) return judge_row(facts);
  if (facts.postgres.void_number) return judge_void(facts);
  if (facts.kafka.dead_letter)
    return {State::dead_letter,
            "dead letter: PostgreSQL has no row, and its record is among the dead letters",
            "the reason: " + facts.kafka.dead_letter->reason +
                "; once it is mended, chat-persister replay-dead puts it back"};
  if (facts.kafka.record) return judge_record(facts);
  if (facts.redis.entry) return judge_entry(facts);
  if (facts.cursor) return judge_found_nowhere(facts);
  if (facts.was_asked_by_id) return judge_unknown_id(facts);
  if (!unknowns(facts).empty()) return {State::undecided, "the room's newest epoch is not known"};
  return unknown_room;
}

}  // namespace

std::string_view name(State state) {
  switch (state) {
    case State::stored:
      return "stored";
    case State::stored_elsewhere:
      return "stored_elsewhere";
    case State::in_kafka:
      return "in_kafka";
    case State::shown:
      return "shown";
    case State::dead_letter:
      return "dead_letter";
    case State::lost:
      return "lost";
    case State::deleted:
      return "deleted";
    case State::vanished:
      return "vanished";
    case State::unknown_number:
      return "unknown_number";
    case State::unknown_id:
      return "unknown_id";
    case State::unknown_room:
      return "unknown_room";
    case State::undecided:
      break;
  }
  return "undecided";
}

Verdict judge(const Facts& facts) {
  Verdict verdict = judge_known(facts);
  if (const std::string open = unknowns(facts); !open.empty())
    verdict.advice += (verdict.advice.empty() ? "" : "; ") + open;
  return verdict;
}

int exit_code(const Verdict& verdict, const Facts& facts) {
  if (!facts.redis.answered || !facts.kafka.answered || !facts.postgres.answered) return 3;
  return verdict.state == State::stored || verdict.state == State::stored_elsewhere ? 0 : 1;
}

}  // namespace chat::gateway::lookup
