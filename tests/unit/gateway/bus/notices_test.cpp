#include "gateway/bus/notices.hpp"

#include <gtest/gtest.h>

namespace chat::gateway {
namespace {

Attendance of(std::vector<std::string> names) {
  return {names.size(), std::move(names)};
}

Attendance anonymous(std::size_t members) {
  return {members, {}};
}

TEST(Attendance, TheNamesOfTwoAreOneRisingListWithAllThatAreThereTwice) {
  Attendance sum = of({"Ann", "Cyd"});
  sum.add(of({"Ann", "Bob"}));
  EXPECT_EQ(sum, of({"Ann", "Ann", "Bob", "Cyd"}));
}

TEST(Attendance, OverTwoHundredThereAreNoNames) {
  Attendance most{199, std::vector<std::string>(199, "Ann")};
  most.add(of({"Bob"}));
  EXPECT_EQ(most.names.size(), 200U);
  most.add(of({"Cyd"}));
  EXPECT_EQ(most, anonymous(201));
  most.add(of({"Dan"}));
  EXPECT_EQ(most, anonymous(202));
  EXPECT_FALSE(most.has_names());
}

TEST(Notices, TypingComesBackAsItWasWritten) {
  const auto text = encode_notice("r", TypingNotice{0xffffffffffffffff, "A\"nn 😀"});
  const auto notice = parse_notice("r", text);
  ASSERT_TRUE(notice);
  const auto& typing = std::get<TypingNotice>(*notice);
  EXPECT_EQ(typing.session, 0xffffffffffffffff);
  EXPECT_EQ(typing.user, "A\"nn 😀");
}

TEST(Notices, PresenceComesBackAsItWasWritten) {
  for (const PresenceNotice& written :
       {PresenceNotice{"gw-1", true, false, of({"Ann", "Ann"})}, PresenceNotice{"gw-2", false, true, of({})},
        PresenceNotice{"gw-3", true, true, anonymous(201)}}) {
    const auto notice = parse_notice("r", encode_notice("r", written));
    ASSERT_TRUE(notice);
    const auto& read = std::get<PresenceNotice>(*notice);
    EXPECT_EQ(read.gateway, written.gateway);
    EXPECT_EQ(read.watches, written.watches);
    EXPECT_EQ(read.asks, written.asks);
    EXPECT_EQ(read.attendance, written.attendance);
  }
}

TEST(Notices, WhatIsNoneIsRefused) {
  const std::string typing = encode_notice("r", TypingNotice{7, "Ann"});
  EXPECT_FALSE(parse_notice("other", typing));
  EXPECT_FALSE(parse_notice("r", typing.substr(1)));
  for (
      const char* text :
      {"", "7", "[]", "{}", R"({"type":"typing"})", R"({"type":"message","room":"r","epoch":1,"seq":1})",
       R"({"type":"typing","room":"r","session":-1.5,"user":7})",
       R"({"type":"presence","room":"r","gateway":"g","watches":1,"asks":false,"members":0,"names":[]})",
       R"({"type":"presence","room":"r","gateway":"g","watches":true,"asks":false,"members":2,"names":["a"]})",
       R"({"type":"presence","room":"r","gateway":"g","watches":true,"asks":false,"members":2,"names":["b","a"]})",
       R"({"type":"presence","room":"r","gateway":"g","watches":true,"asks":false,"members":201,"names":["a"]})"})
    EXPECT_FALSE(parse_notice("r", text)) << text;
}

}  // namespace
}  // namespace chat::gateway
