#include "gateway/lookup/verdict.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chat::gateway::lookup {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr Cursor asked{2000, 7};
const Uuid id = *parse_uuid("00112233-4455-4677-8899-aabbccddeeff");

/// All servers answer, the room's newest number is 2000-9, everything below 2000-7 is stored, and nobody has
/// 2000-7.
Facts given() {
  Facts facts;
  facts.room = "r";
  facts.cursor = asked;
  facts.redis.answered = facts.kafka.answered = facts.postgres.answered = true;
  facts.redis.newest = {2000, 9};
  facts.redis.watermark = {2000, 6};
  facts.kafka.partition = 3;
  facts.kafka.bounds = {0, 100};
  facts.kafka.searched_to = 100;
  facts.kafka.searched_all_unstored = true;
  facts.postgres.newest = {2000, 6};
  facts.postgres.next_offset = 100;
  return facts;
}

Facts with_row(Cursor cursor = asked, std::int64_t offset = 41) {
  Facts facts = given();
  facts.postgres.row = Row{cursor, id, 1'000, 2'000, 3, offset};
  facts.redis.watermark = {2000, 9};
  return facts;
}

Facts with_record(std::int64_t offset, std::int64_t position) {
  Facts facts = given();
  facts.kafka.record = KafkaEntry{asked, id, offset, 1'000};
  facts.postgres.next_offset = position;
  return facts;
}

Facts with_entry() {
  Facts facts = given();
  facts.redis.entry = StreamEntry{asked, id, 1'000};
  return facts;
}

void take_away(Source& source, const char* why) {
  source.answered = false;
  source.problem = why;
}

void expect(const Facts& facts, State state, int code, const std::string& sentence) {
  const Verdict verdict = judge(facts);
  EXPECT_EQ(name(verdict.state), name(state)) << verdict.sentence;
  EXPECT_EQ(exit_code(verdict, facts), code) << verdict.sentence;
  EXPECT_THAT(verdict.sentence, HasSubstr(sentence));
}

TEST(TraceVerdict, ARowIsStored) {
  expect(with_row(), State::stored, 0, "stored: in PostgreSQL since 1970-01-01T00:00:02.000Z");
  EXPECT_EQ(judge(with_row()).advice, "");
}

TEST(TraceVerdict, ARowTellsHowItCame) {
  expect(with_row(asked, -1), State::stored, 0, "by the hole finder from Redis");
  Facts old = with_row(asked, -1);
  old.postgres.row->partition = -1;
  expect(old, State::stored, 0, "the system before this one");
}

TEST(TraceVerdict, AStoredMessageAboveTheWatermarkSaysSo) {
  Facts facts = with_row();
  facts.redis.watermark = {2000, 5};
  expect(facts, State::stored, 0, "stored");
  EXPECT_THAT(judge(facts).advice, HasSubstr("watermark 2000-5 has not reached it"));
}

TEST(TraceVerdict, ARowUnderAnotherNumberIsNamed) {
  expect(with_row({2000, 4}), State::stored_elsewhere, 0, "under another number, 2000-4");
}

TEST(TraceVerdict, VoidNumbers) {
  Facts facts = given();
  facts.postgres.void_number = NotedVoid{"lost", 3'000};
  expect(facts, State::lost, 1, "void: lost, noted at 1970-01-01T00:00:03.000Z");
  facts.postgres.void_number->reason = "stored under another number";
  expect(facts, State::stored_elsewhere, 0, "void: stored under another number");
  facts.postgres.void_number->reason = pruned;
  expect(facts, State::deleted, 1, "deleted: chat-persister prune took");
  facts.postgres.void_number->reason = "dead letter";
  expect(facts, State::dead_letter, 1, "dead letter");
  facts.kafka.dead_letter = DeadLetter{41, 1'000, "23514 no_tea"};
  EXPECT_THAT(judge(facts).advice, AllOf(HasSubstr("23514 no_tea"), HasSubstr("replay-dead")));
}

TEST(TraceVerdict, ADeadLetterWithoutAVoidNumber) {
  Facts facts = with_record(41, 100);
  facts.kafka.dead_letter = DeadLetter{41, 1'000, "why"};
  expect(facts, State::dead_letter, 1, "dead letter");
}

TEST(TraceVerdict, InKafkaAndNotStoredTellsTheLag) {
  expect(with_record(95, 90), State::in_kafka, 1,
         "not stored yet: the persister is 10 records behind, and 5 records come before it");
  expect(with_record(99, 99), State::in_kafka, 1, "1 record behind, and 0 records come before it");
}

TEST(TraceVerdict, InKafkaWithoutAPosition) {
  Facts facts = with_record(5, 0);
  facts.postgres.next_offset.reset();
  expect(facts, State::in_kafka, 1, "no position");
}

TEST(TraceVerdict, BelowThePositionWithoutARowWasDeleted) {
  expect(with_record(41, 100), State::deleted, 1, "neither a row nor a void number");
}

TEST(TraceVerdict, InKafkaWhilePostgresIsAway) {
  Facts facts = with_record(41, 0);
  facts.postgres = {};
  take_away(facts.postgres, "no connection");
  expect(facts, State::undecided, 3, "not lost");
  EXPECT_THAT(judge(facts).advice, HasSubstr("whether it is stored is not known: no connection"));
}

TEST(TraceVerdict, InRedisAlone) {
  expect(with_entry(), State::shown, 1, "shown to members at 1970-01-01T00:00:01.000Z, not in Kafka");
  EXPECT_THAT(judge(with_entry()).sentence, HasSubstr("the hole finder stores it from Redis 10 to 30 s"));
}

TEST(TraceVerdict, InRedisWhileAnotherServerIsAway) {
  Facts facts = with_entry();
  facts.kafka = {};
  take_away(facts.kafka, "no broker");
  expect(facts, State::undecided, 3, "whether Kafka has it is not known");
  EXPECT_THAT(judge(facts).advice, AllOf(HasSubstr("chat_journal_records"), HasSubstr("no broker")));
  facts = with_entry();
  facts.postgres = {};
  take_away(facts.postgres, "no connection");
  expect(facts, State::undecided, 3, "whether it is stored is not known");
}

TEST(TraceVerdict, InRedisBelowTheWatermarkWasDeleted) {
  Facts facts = with_entry();
  facts.redis.watermark = {2000, 7};
  expect(facts, State::deleted, 1, "the watermark is past it");
}

TEST(TraceVerdict, ASearchThatWasTooShortDecidesNothing) {
  for (Facts facts : {with_entry(), given()}) {
    facts.kafka.searched_all_unstored = false;
    expect(facts, State::undecided, 1, "not among the 100 records of Kafka that were read");
    EXPECT_THAT(judge(facts).advice, HasSubstr("--scan"));
  }
}

TEST(TraceVerdict, AGivenNumberThatNobodyHas) {
  expect(given(), State::vanished, 1, "the number was given");
  Facts facts = given();
  facts.redis.watermark = {2000, 8};
  expect(facts, State::deleted, 1, "the watermark is past it");
  facts = given();
  facts.kafka = {};
  take_away(facts.kafka, "no broker");
  expect(facts, State::undecided, 3, "whether Kafka has it is not known");
}

TEST(TraceVerdict, ANumberAboveTheNewestIsUnknown) {
  Facts facts = given();
  facts.cursor = Cursor{2000, 10};
  expect(facts, State::unknown_number, 1, "unknown number: the room's newest is 2000-9");
  facts.cursor = Cursor{2001, 1};
  expect(facts, State::unknown_number, 1, "unknown number: the room's newest is 2000-9");
}

TEST(TraceVerdict, ANumberOfAnEpochThatIsOver) {
  Facts facts = given();
  facts.cursor = Cursor{1999, 3};
  expect(facts, State::unknown_number, 1, "its epoch is over");
}

TEST(TraceVerdict, WithoutRedisANumberAboveTheStoredOnesMayHaveBeenGiven) {
  Facts facts = given();
  facts.redis = {};
  take_away(facts.redis, "refused");
  expect(facts, State::undecided, 3, "above the newest number that is known, 2000-6");
  EXPECT_THAT(judge(facts).advice, HasSubstr("how far the watermark is is not known: refused"));
}

TEST(TraceVerdict, ARedisThatLostTheRoomLeavesItToKafka) {
  Facts facts = given();
  facts.redis.newest = {};
  facts.redis.watermark = {};
  expect(facts, State::unknown_number, 1, "unknown number: the room's newest is 2000-6");
  facts.kafka.searched_all_unstored = false;
  expect(facts, State::undecided, 1, "not among");
}

TEST(TraceVerdict, ARoomThatNobodyKnows) {
  Facts facts = given();
  facts.redis.newest = facts.redis.watermark = facts.postgres.newest = {};
  expect(facts, State::unknown_room, 1, "unknown room");
  facts.cursor.reset();  // SEQ alone was asked for
  expect(facts, State::unknown_room, 1, "unknown room");
  take_away(facts.redis, "refused");
  expect(facts, State::undecided, 3, "newest epoch is not known");
}

TEST(TraceVerdict, AnIdThatNobodyKnows) {
  Facts facts = given();
  facts.cursor.reset();
  facts.id = id;
  facts.was_asked_by_id = true;
  expect(facts, State::unknown_id, 1, "unknown id");
  facts.kafka.searched_all_unstored = false;
  expect(facts, State::undecided, 1, "not among");
  take_away(facts.kafka, "no broker");
  expect(facts, State::undecided, 3, "nobody who answered knows the id");
}

TEST(TraceVerdict, StoredWithAServerAwayIsStoredAndExitsWithThree) {
  Facts facts = with_row();
  facts.redis = {};
  take_away(facts.redis, "refused");
  expect(facts, State::stored, 3, "stored");
  EXPECT_THAT(judge(facts).advice, HasSubstr("refused"));
}

TEST(TraceVerdict, WithNobodyThereNothingIsKnown) {
  Facts facts;
  facts.cursor = asked;
  take_away(facts.redis, "no Redis");
  take_away(facts.kafka, "no Kafka");
  take_away(facts.postgres, "no PostgreSQL");
  expect(facts, State::undecided, 3, "whether it is stored is not known");
  EXPECT_THAT(judge(facts).advice,
              AllOf(HasSubstr("no Redis"), HasSubstr("no Kafka"), HasSubstr("no PostgreSQL")));
}

}  // namespace
}  // namespace chat::gateway::lookup
