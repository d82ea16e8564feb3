#include "gateway/http/origins.hpp"

#include <gtest/gtest.h>

#include "gateway/http/query.hpp"

namespace chat::gateway::http {
namespace {

RequestHead from(std::string_view origin, std::string_view host = "chat.example.com") {
  RequestHead head;
  head.origin = origin;
  head.host = host;
  return head;
}

TEST(Origins, TakesAListOfOriginsOnly) {
  EXPECT_TRUE(Origins::parse(""));
  EXPECT_TRUE(Origins::parse("*"));
  EXPECT_TRUE(Origins::parse(" https://a.example , http://localhost:3000,"));
  for (const std::string_view bad :
       {"a.example", "https://", "https://a.example/path", "ftp://a", "https://a b"})
    EXPECT_FALSE(Origins::parse(bad)) << bad;
}

TEST(Origins, AllowTheirOwnAndTheListedOnes) {
  const Origins origins = *Origins::parse("http://localhost:3000");
  EXPECT_TRUE(origins.allow("http://localhost:3000", "chat.example.com"));
  EXPECT_TRUE(origins.allow("https://chat.example.com", "Chat.example.com"));
  EXPECT_TRUE(origins.allow("http://127.0.0.1:8000", "127.0.0.1:8000"));
  EXPECT_FALSE(origins.allow("http://localhost:3001", "chat.example.com"));
  EXPECT_FALSE(origins.allow("https://chat.example.com.evil.example", "chat.example.com"));
  EXPECT_FALSE(origins.allow("null", "chat.example.com"));
  EXPECT_TRUE(Origins::parse("*")->allow("https://any.example", "chat.example.com"));
}

TEST(CorsHeaders, NameTheOriginThatMayRead) {
  const Origins origins = *Origins::parse("https://a.example");
  EXPECT_EQ(cors_headers(origins, from("https://a.example")),
            "Vary: Origin\r\nAccess-Control-Allow-Origin: https://a.example\r\n"
            "Access-Control-Allow-Credentials: true\r\n");
  EXPECT_EQ(cors_headers(origins, from("https://b.example")), "Vary: Origin\r\n");
  EXPECT_EQ(cors_headers(origins, from("")), "");
}

TEST(CorsHeaders, NeverEndALine) {
  const Origins all = *Origins::parse("*");
  EXPECT_EQ(cors_headers(all, from("https://a\r\nX: 1")), "Vary: Origin\r\n");
  RequestHead head = from("https://a.example");
  head.wanted_headers = "X-A\r\nX: 1";
  EXPECT_EQ(preflight(all, head, "GET").headers.find("X: 1"), std::string::npos);
}

TEST(Preflight, SaysWhatMayBeAsked) {
  RequestHead head = from("https://a.example");
  head.wanted_headers = "content-type";
  const Answer answer = preflight(*Origins::parse("https://a.example"), head, "GET, POST");
  EXPECT_EQ(answer.status, 204U);
  EXPECT_NE(answer.headers.find("Access-Control-Allow-Methods: GET, POST\r\n"), std::string::npos);
  EXPECT_NE(answer.headers.find("Access-Control-Allow-Headers: content-type\r\n"), std::string::npos);
  EXPECT_EQ(serialize(answer, true, false).find("Content-Length"), std::string::npos);
}

TEST(Query, GivesTheFirstValueOfAName) {
  EXPECT_EQ(path_of("/a/?b=c"), "/a/");
  EXPECT_EQ(path_of("/a"), "/a");
  EXPECT_EQ(query_parameter("/?sid=1&EIO=4&sid=2", "sid"), "1");
  EXPECT_EQ(query_parameter("/?xsid=1&sid", "sid"), "");
  EXPECT_EQ(query_parameter("/?EIO=4&t=", "t"), "");
  EXPECT_EQ(query_parameter("/sid=1", "sid"), "");
  EXPECT_EQ(query_parameter("/?", "sid"), "");
  EXPECT_EQ(query_parameter("/?sid=a%7Eb%2", "sid"), "a~b%2");
  EXPECT_EQ(query_parameter("/?sid=%zz%", "sid"), "%zz%");
}

TEST(Query, IsTheSameInATargetWithSchemeAndHost) {
  EXPECT_EQ(origin_form("http://a.example:8000/ws?x=1"), "/ws?x=1");
  EXPECT_EQ(origin_form("http://a.example"), "");
  EXPECT_EQ(origin_form("/ws?x=http://b/c"), "/ws?x=http://b/c");
  EXPECT_EQ(origin_form("*"), "*");
}

}  // namespace
}  // namespace chat::gateway::http
