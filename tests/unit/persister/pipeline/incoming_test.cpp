#include "persister/pipeline/incoming.hpp"

#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/persister/records.hpp"

namespace chat::persister {
namespace {

using ::testing::HasSubstr;

constexpr std::int64_t time_of_record = 1'714'557'600'125;

SourceRecord raw(const std::string& value, std::int32_t partition = 3, std::int64_t offset = 42,
                 std::int64_t timestamp = time_of_record) {
  SourceRecord record{partition, offset, "message-1714557600125", value};
  record.timestamp = timestamp;
  return record;
}

MessageRecord read(const SourceRecord& record) {
  return read_message(record, "MESSAGES").value();
}

std::string fault(const std::string& value) {
  const auto message = read_message(raw(value), "MESSAGES");
  return message ? "none: " + message->text : message.error().message;
}

TEST(ReadMessage, ARecordOfOursIsReadAsItIs) {
  const auto message = test::make_message("{\"message\":\"quoted\"}");
  EXPECT_EQ(read(test::make_record(message, 0, 1)), message);
}

TEST(ReadMessage, ARawTextIsAMessageOfRoomGeneral) {
  const auto message = read(raw("hello"));
  EXPECT_EQ(message.text, "hello");
  EXPECT_EQ(message.room, "general");
  EXPECT_EQ(message.sender, "unknown");
  EXPECT_EQ(message.sender_name, "unknown");
  EXPECT_EQ(message.sent_at, time_of_record);
}

TEST(ReadMessage, WhatCountsAsARawText) {
  const std::vector<std::pair<std::string, std::string>> texts = {
      {R"({"message": "in JSON"})", "in JSON"},
      {R"({"id": 7, "message": "with more"})", "with more"},
      {R"("a JSON string")", R"("a JSON string")"},
      {"[1, 2]", "[1, 2]"},
      {"17", "17"},
      {"not json", "not json"},
      {" {not json", " {not json"},
      {"\u00fcml\u00e4ut \U0001F600", "\u00fcml\u00e4ut \U0001F600"},
      {std::string(4000, 'x'), std::string(4000, 'x')},
  };
  for (const auto& [value, text] : texts) EXPECT_EQ(read(raw(value)).text, text) << value;
}

TEST(ReadMessage, WhatIsNoTextStaysADeadLetter) {
  EXPECT_EQ(fault("{not json"), "the value is not JSON");
  EXPECT_EQ(fault("{}"), "field \"v\" is missing");
  EXPECT_EQ(fault(R"({"message": 7})"), "field \"v\" is missing");
  EXPECT_EQ(fault(R"({"v": 1, "message": "ours, and wrong"})"), "field \"id\" is missing");
  EXPECT_EQ(fault(R"({"v": null, "message": "ours, and wrong"})"), "field \"v\" is not an integer");
  EXPECT_THAT(fault(""), HasSubstr("it is empty"));
  EXPECT_THAT(fault("\xFF"), HasSubstr("not valid UTF-8"));
  EXPECT_THAT(fault(std::string("a\0b", 3)), HasSubstr("NUL"));
  EXPECT_THAT(fault(std::string(4001, 'x')), HasSubstr("4,000"));
  EXPECT_THAT(fault(R"({"message": ""})"), HasSubstr("it is empty"));
  EXPECT_THAT(fault(R"({"message": "a\u0000b"})"), HasSubstr("NUL"));
}

TEST(ReadMessage, I1TheIdIsTheUuidOfTopicPartitionAndOffset) {
  // Computed by Python's uuid.uuid5(namespace, "MESSAGES/3/42").
  EXPECT_EQ(to_string(read(raw("hello")).id), "1988d767-d6bd-5498-9b1e-199f50e5833a");
  EXPECT_EQ(read(raw("hello", 3, 42)), read(raw("hello", 3, 42)));
  EXPECT_NE(read(raw("hello", 3, 42)).id, read(raw("hello", 3, 43)).id);
  EXPECT_NE(read(raw("hello", 3, 42)).id, read(raw("hello", 4, 42)).id);
  EXPECT_NE(read(raw("hello")).id, read_message(raw("hello"), "OTHER").value().id);
}

TEST(ReadMessage, I1PutBackFromTheDeadLettersItIsTheSameMessage) {
  auto again = raw("hello", 5, 99, time_of_record + 1'000'000);
  again.origin = Origin{3, 42, time_of_record};
  EXPECT_EQ(read(again), read(raw("hello", 3, 42)));
}

TEST(ReadMessage, I2NumbersFollowTimeThenOffsetAndStayBelowLiveEpochs) {
  const std::vector<SourceRecord> in_order = {
      raw("no time", 0, 7, -1),
      raw("no time", 0, 8, -1),
      raw("a", 7, 900, time_of_record),
      raw("a", 0, 901, time_of_record),
      raw("a", 1, 901, time_of_record),
      raw("a", 0, 1, time_of_record + 1),
      raw("a", 0, 0, 1'714'557'601'000),
      raw("no clock of this world", 0, 0, std::numeric_limits<std::int64_t>::max()),
  };
  for (std::size_t i = 0; i < in_order.size(); ++i) {
    const auto message = read(in_order[i]);
    EXPECT_LT((Cursor{1, max_json_integer}), message.cursor) << "adopted rows come first";
    EXPECT_LT(message.cursor.epoch, first_live_epoch);
    EXPECT_LE(message.cursor.seq, max_json_integer);
    EXPECT_TRUE(is_unnumbered(message.cursor));
    EXPECT_GE(message.sent_at, 0);
    if (i == 0) continue;
    EXPECT_LT(read(in_order[i - 1]).cursor, message.cursor) << i;
  }
}

}  // namespace
}  // namespace chat::persister
