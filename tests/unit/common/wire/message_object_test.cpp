#include "common/wire/message_object.hpp"

#include <string>

#include <gtest/gtest.h>

namespace chat {
namespace {

const std::string object =
    R"({"type":"message","room":"general","epoch":5,"seq":6,"id":"0f8fad5b-d9cb-469f-a165-70867728950e",)"
    R"("sender":"u1","sender_name":"Ann","text":"a\n\"b\"","sent_at":1700000000000})";

TEST(MessageObject, BecomesItsRecord) {
  const auto record = record_of_message(object, "g1");
  ASSERT_TRUE(record);
  const auto id = parse_uuid("0f8fad5b-d9cb-469f-a165-70867728950e").value();
  EXPECT_EQ(*record,
            (MessageRecord{id, "general", {5, 6}, "u1", "Ann", "a\n\"b\"", 1'700'000'000'000, "g1"}));
}

TEST(MessageObject, AnythingElseGivesNoRecord) {
  EXPECT_FALSE(record_of_message("", "g"));
  EXPECT_FALSE(record_of_message("[]", "g"));
  EXPECT_FALSE(record_of_message("{\"type\":\"message\"}", "g"));
  std::string presence = object;
  presence.replace(presence.find("message"), 7, "another");
  EXPECT_FALSE(record_of_message(presence, "g"));
}

}  // namespace
}  // namespace chat
