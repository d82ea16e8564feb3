#include "gateway/http/answers.hpp"

#include <gtest/gtest.h>

namespace chat::gateway::http {
namespace {

unsigned status_of(const RequestFacts& facts) {
  const auto answer = answer_request(facts);
  return answer ? answer->status : 101;
}

RequestFacts upgrade() {
  RequestFacts facts;
  facts.wants_upgrade = true;
  return facts;
}

TEST(AnswerRequest, UpgradesAProperRequestOnly) {
  EXPECT_EQ(status_of(upgrade()), 101U);
  RequestFacts facts = upgrade();
  facts.is_version_13 = false;
  EXPECT_EQ(status_of(facts), 426U);
  facts = upgrade();
  facts.has_valid_key = false;
  EXPECT_EQ(status_of(facts), 400U);
  facts = upgrade();
  facts.has_host = false;
  EXPECT_EQ(status_of(facts), 400U);
  facts = upgrade();
  facts.is_known_path = false;
  EXPECT_EQ(status_of(facts), 404U);
}

TEST(AnswerRequest, ClosesBehindABodyThatNobodyReads) {
  RequestFacts facts;
  facts.has_body = true;
  EXPECT_EQ(status_of(facts), 413U);
  EXPECT_TRUE(answer_request(facts)->close);
  facts.method = Method::other;
  EXPECT_EQ(status_of(facts), 405U);
  EXPECT_TRUE(answer_request(facts)->close);
}

TEST(AboutGateway, SaysWhatItIsAndWhereThePageIs) {
  const Answer answer = about_gateway("GET", "https://chat.example.com");
  EXPECT_EQ(answer.status, 200U);
  EXPECT_NE(answer.body.find("https://chat.example.com/\n"), std::string::npos);
  EXPECT_EQ(about_gateway("HEAD", "").body.find("page"), std::string::npos);
  EXPECT_EQ(about_gateway("POST", "").status, 405U);
}

TEST(Serialize, GivesAHeadTheLengthButNoBody) {
  const Answer answer = sentence(404, "No.");
  EXPECT_EQ(serialize(answer, true, false),
            "HTTP/1.1 404 Not Found\r\nServer: chat\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n"
            "Connection: keep-alive\r\n\r\nNo.\n");
  EXPECT_TRUE(serialize(answer, true, true).ends_with("Content-Length: 4\r\nConnection: keep-alive\r\n\r\n"));
}

TEST(IsValidKey, TakesSixteenBytesInBase64) {
  EXPECT_TRUE(is_valid_key("dGhlIHNhbXBsZSBub25jZQ=="));
  EXPECT_FALSE(is_valid_key(""));
  EXPECT_FALSE(is_valid_key("dGhlIHNhbXBsZSBub25jZQ="));
  EXPECT_FALSE(is_valid_key("dGhlIHNhbXBsZSBub25j!Q=="));
  EXPECT_FALSE(is_valid_key("dGhlIHNhbXBsZSBub25jZQAA"));
}

}  // namespace
}  // namespace chat::gateway::http
