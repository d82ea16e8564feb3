#include "gateway/lookup/report.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace chat::gateway::lookup {
namespace {

Facts stored() {
  Facts facts;
  facts.room = "general";
  facts.cursor = Cursor{2000, 7};
  facts.id = parse_uuid("00112233-4455-4677-8899-aabbccddeeff");
  facts.took_newest_epoch = true;
  facts.redis.answered = facts.kafka.answered = facts.postgres.answered = true;
  facts.redis.newest = {2000, 9};
  facts.redis.watermark = {2000, 8};
  facts.redis.oldest_entry = Cursor{2000, 1};
  facts.redis.entry = StreamEntry{*facts.cursor, *facts.id, 1'000};
  facts.redis.remembered = facts.cursor;
  facts.kafka.partition = 3;
  facts.kafka.bounds = {0, 100};
  facts.kafka.record = KafkaEntry{*facts.cursor, *facts.id, 41, 1'500};
  facts.postgres.next_offset = 98;
  facts.postgres.row = Row{*facts.cursor, *facts.id, 1'000, 2'000, 3, 41};
  return facts;
}

TEST(TraceReport, SaysWhereAStoredMessageIsAndSinceWhen) {
  EXPECT_EQ(to_text(stored(), {State::stored, "stored: here", "look there"}),
            "message   room general, number 2000-7, id 00112233-4455-4677-8899-aabbccddeeff\n"
            "          the epoch is the room's newest, 2000\n"
            "redis     in the room's stream, sent at 1970-01-01T00:00:01.000Z\n"
            "          newest number 2000-9, watermark 2000-8\n"
            "          the id is remembered as 2000-7\n"
            "kafka     partition 3, offset 41, since 1970-01-01T00:00:01.500Z\n"
            "          the partition has offsets 0 to 99, not stored: 2\n"
            "postgres  row 2000-7 since 1970-01-01T00:00:02.000Z, from partition 3, offset 41\n"
            "          the persister's position is offset 98\n"
            "verdict   stored: here (look there)\n");
}

TEST(TraceReport, SaysWhyAServerIsNotKnown) {
  Facts facts;
  facts.room = "general";
  facts.redis.problem = "no Redis";
  facts.kafka.problem = "no Kafka";
  facts.postgres.problem = "no PostgreSQL";
  EXPECT_EQ(to_text(facts, {State::undecided, "nobody answers", ""}),
            "message   room general, number unknown, id unknown\n"
            "redis     not known: no Redis\n"
            "kafka     not known: no Kafka\n"
            "postgres  not known: no PostgreSQL\n"
            "verdict   nobody answers\n");
}

TEST(TraceReport, TheJsonHasTheSame) {
  const std::string text = to_json(stored(), {State::stored, "stored: here", "look there"});
  EXPECT_EQ(text.find('\n'), text.size() - 1);
  const auto object = nlohmann::json::parse(text);
  EXPECT_EQ(object["room"], "general");
  EXPECT_EQ(object["seq"], 7);
  EXPECT_EQ(object["redis"]["watermark"]["seq"], 8);
  EXPECT_EQ(object["kafka"]["offset"], 41);
  EXPECT_EQ(object["kafka"]["dead_letter"], nullptr);
  EXPECT_EQ(object["postgres"]["row"]["kafka_offset"], 41);
  EXPECT_EQ(object["postgres"]["void_number"], nullptr);
  EXPECT_EQ(object["lag"], 2);
  EXPECT_EQ(object["verdict"]["state"], "stored");
}

}  // namespace
}  // namespace chat::gateway::lookup
