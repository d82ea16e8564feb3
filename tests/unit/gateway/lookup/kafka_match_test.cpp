#include <gtest/gtest.h>

#include "common/wire/record.hpp"
#include "gateway/lookup/kafka_lookup.hpp"

namespace chat::gateway::lookup {
namespace {

const Uuid id = *parse_uuid("00112233-4455-4677-8899-aabbccddeeff");
const Uuid other = *parse_uuid("99112233-4455-4677-8899-aabbccddeeff");

kafka::ConsumedRecord record(const Uuid& of, Cursor cursor, const std::string& room = "r") {
  kafka::ConsumedRecord made;
  made.offset = 42;
  made.timestamp = 77;
  made.key = room;
  made.value = encode_record({of, room, cursor, "s", "n", "text", 1, "g"});
  return made;
}

TEST(KafkaMatch, FindsARecordByItsNumber) {
  const auto found = match(record(id, {5, 6}), {"r", Cursor{5, 6}, std::nullopt});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id, id);
  EXPECT_EQ(found->offset, 42);
  EXPECT_EQ(found->time, 77);
  EXPECT_FALSE(match(record(id, {5, 7}), {"r", Cursor{5, 6}, std::nullopt}));
}

TEST(KafkaMatch, AKnownIdWinsOverTheNumber) {
  EXPECT_EQ(match(record(id, {5, 6}), {"r", Cursor{9, 9}, id})->cursor, (Cursor{5, 6}));
  EXPECT_FALSE(match(record(other, {5, 6}), {"r", Cursor{5, 6}, id}));
}

TEST(KafkaMatch, TakesNeitherAnotherRoomsRecordNorWhatIsNone) {
  EXPECT_FALSE(match(record(id, {5, 6}, "q"), {"r", Cursor{5, 6}, id}));
  auto broken = record(id, {5, 6});
  broken.value = "{";
  EXPECT_FALSE(match(broken, {"r", Cursor{5, 6}, id}));
}

TEST(KafkaMatch, ADeadLetterIsKnownByItsValueOrItsPlace) {
  auto letter = record(id, {5, 6});
  letter.headers = {{"reason", "why"}, {"origin", "3/42/77"}};
  EXPECT_EQ(match_letter(letter, {"r", std::nullopt, id}, 3, std::nullopt)->reason, "why");
  letter.value = "";
  EXPECT_FALSE(match_letter(letter, {"r", std::nullopt, id}, 3, std::nullopt));
  EXPECT_EQ(match_letter(letter, {"r", std::nullopt, id}, 3, 42)->offset, 42);
  EXPECT_FALSE(match_letter(letter, {"r", std::nullopt, id}, 3, 4));
  EXPECT_FALSE(match_letter(letter, {"r", std::nullopt, id}, 30, 42));
}

}  // namespace
}  // namespace chat::gateway::lookup
