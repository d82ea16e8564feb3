#include "common/wire/record.hpp"

#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "common/wire/limits.hpp"
#include "common/wire/record_size.hpp"

namespace chat {
namespace {

using nlohmann::json;

MessageRecord sample() {
  return {*parse_uuid("0f1e2d3c-4b5a-4968-9788-96a5b4c3d2e1"),
          "general",
          {1'700'000'000'000, 42},
          "guest-1a2b",
          "Zoë",
          "a \"quoted\" \\ text\nwith \x01 controls, é € 😀 and \xE2\x80\xA8",
          1'700'000'000'123,
          "gateway-1"};
}

json sample_json() {
  return json::parse(encode_record(sample()));
}

std::string fault_of(const json& object) {
  const auto record = decode_record(object.dump());
  return record ? "none" : record.error().message;
}

TEST(Record, RoundTrips) {
  const auto decoded = decode_record(encode_record(sample()));
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(*decoded, sample());
}

TEST(Record, KeepsTheSpellingOfTheId) {
  json object = sample_json();
  object["id"] = "0F1e2d3c-4b5a-4968-9788-96a5b4c3d2E1";
  const auto decoded = decode_record(object.dump());
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(decoded->id, sample().id);
  EXPECT_EQ(json::parse(encode_record(*decoded)), object);
}

TEST(Record, RoundTripsAtTheLimits) {
  MessageRecord record;
  record.room = std::string(128, ':');
  record.cursor = {max_json_integer, max_json_integer};
  record.sent_at = max_json_integer;
  for (int i = 0; i < 4000; ++i) record.text += "\xF0\x9F\x98\x80";
  const auto decoded = decode_record(encode_record(record));
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(*decoded, record);
}

TEST(Record, NoneIsLongerThanItsBound) {
  MessageRecord record;
  record.room = std::string(max_room_length, 'r');
  record.cursor = {max_json_integer, max_json_integer};
  for (std::size_t i = 0; i < max_name_characters; ++i) record.sender += "😀";
  record.sender_name = record.sender;
  record.text = std::string(max_text_characters, '\x01');
  record.sent_at = max_json_integer;
  record.gateway = std::string(64, 'g');
  // The key is the room; a batch of one record costs Kafka less than 200 bytes.
  EXPECT_LE(encode_record(record).size() + record.room.size() + 200, max_record_bytes);
}

TEST(Record, IsOneLineWithTheAgreedFields) {
  const std::string text = encode_record(sample());
  EXPECT_EQ(text.find('\n'), std::string::npos);
  const json expected = {{"v", 1},
                         {"id", "0f1e2d3c-4b5a-4968-9788-96a5b4c3d2e1"},
                         {"room", "general"},
                         {"epoch", 1'700'000'000'000},
                         {"seq", 42},
                         {"sender", "guest-1a2b"},
                         {"sender_name", "Zoë"},
                         {"text", sample().text},
                         {"sent_at", 1'700'000'000'123},
                         {"gateway", "gateway-1"}};
  EXPECT_EQ(json::parse(text), expected);
}

TEST(Record, IgnoresUnknownFields) {
  json object = sample_json();
  object["later"] = {{"nested", {1, 2}}};
  const auto decoded = decode_record(object.dump());
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(*decoded, sample());
}

TEST(RecordFault, NamesEveryMissingField) {
  const json whole = sample_json();
  for (const auto& [name, value] : whole.items()) {
    json object = sample_json();
    object.erase(name);
    EXPECT_EQ(fault_of(object), "field \"" + name + "\" is missing");
  }
}

TEST(RecordFault, NamesEveryFieldOfAnotherType) {
  const json others[] = {nullptr, true, 1.5, json::array(), json::object()};
  const json whole = sample_json();
  for (const auto& [name, value] : whole.items()) {
    const std::string expected = value.is_string() ? "is not a string" : "is not an integer";
    for (const json& other : others) {
      json object = sample_json();
      object[name] = other;
      EXPECT_EQ(fault_of(object), "field \"" + name + "\" " + expected) << other;
    }
    json object = sample_json();
    object[name] = value.is_string() ? json(7) : json("7");
    EXPECT_EQ(fault_of(object), "field \"" + name + "\" " + expected);
  }
}

TEST(RecordFault, RefusesNumbersOutOfRange) {
  for (const char* name : {"epoch", "seq", "sent_at"})
    for (const json& number : {json(-1), json(max_json_integer + 1), json(std::uint64_t{1} << 63),
                               json(std::numeric_limits<std::int64_t>::min())}) {
      json object = sample_json();
      object[name] = number;
      EXPECT_EQ(fault_of(object), std::string("field \"") + name + "\" is out of range") << number;
    }
}

TEST(RecordFault, RefusesNulInEveryString) {
  for (const char* name : {"sender", "sender_name", "text", "gateway"}) {
    json object = sample_json();
    object[name] = std::string("a\0b", 3);
    EXPECT_EQ(fault_of(object), std::string("field \"") + name + "\" has a NUL");
  }
}

TEST(RecordFault, RefusesBadIdsRoomsAndVersions) {
  json object = sample_json();
  object["id"] = "no-uuid";
  EXPECT_EQ(fault_of(object), "field \"id\" is not a UUID");
  object = sample_json();
  object["room"] = "two words";
  EXPECT_EQ(fault_of(object), "field \"room\" is not a room name");
  object = sample_json();
  object["v"] = 2;
  EXPECT_EQ(fault_of(object), "record version 2 is unknown");
}

TEST(RecordFault, RefusesWhatIsNotAJsonObject) {
  for (const char* text : {"", "{", "nonsense", "{\"v\":1}x", "{\"text\":\"\xFF\"}",
                           "{\"text\":\"\xED\xA0\x80\"}", R"({"text":"\ud800"})", "{'v':1}"})
    EXPECT_EQ(decode_record(text).error().message, "the value is not JSON") << text;
  for (const char* text : {"null", "1", "\"x\"", "[]", "true"})
    EXPECT_EQ(decode_record(text).error().message, "the value is not a JSON object") << text;
}

TEST(RecordFault, ComesBackForEveryTruncation) {
  const std::string text = encode_record(sample());
  for (std::size_t length = 0; length < text.size(); ++length)
    ASSERT_TRUE(decode_record(std::string_view(text).substr(0, length)).has_error()) << length;
}

TEST(RecordFault, DoesNotExhaustTheStackOnDeepNesting) {
  constexpr std::size_t depth = 200'000;
  EXPECT_TRUE(decode_record(std::string(depth, '[')).has_error());
  EXPECT_TRUE(decode_record(std::string(depth, '[') + std::string(depth, ']')).has_error());
}

TEST(RecordFault, NeverShowsTheText) {
  json object = sample_json();
  object["text"] = std::string("hush\0hush", 9);
  EXPECT_EQ(fault_of(object).find("hush"), std::string::npos);
}

}  // namespace
}  // namespace chat
