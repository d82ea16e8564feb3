#include "gateway/http/origins.hpp"

#include <map>

#include <gmock/gmock.h>
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

TEST(CanonicalOrigin, IsWhatABrowserWrites) {
  for (const auto& [given, canonical] : std::map<std::string_view, std::string_view>{
           {"https://x", "https://x"},
           {"https://x:443", "https://x"},
           {"http://x:80", "http://x"},
           {"http://x:443", "http://x:443"},
           {"https://x:80", "https://x:80"},
           {"http://x:08080", "http://x:8080"},
           {"HTTPS://Chat.Example.COM:8443", "https://chat.example.com:8443"},
           {"http://[::1]:80", "http://[::1]"},
           {"http://[0:0:0:0:0:0:0:1]:3000", "http://[::1]:3000"},
           {"http://[2001:DB8::A]", "http://[2001:db8::a]"},
           {"capacitor://localhost", "capacitor://localhost"},
           {"tauri://localhost", "tauri://localhost"},
           {"app://-", "app://-"},
           {"app://obsidian.md", "app://obsidian.md"},
           {"chrome-extension://abcdefghijklmnopabcdefghijklmnop",
            "chrome-extension://abcdefghijklmnopabcdefghijklmnop"},
           {"file://", "file://"},
           {"null", "null"}}) {
    const auto origin = canonical_origin(given);
    ASSERT_TRUE(origin) << given << ": " << origin.error().message;
    EXPECT_EQ(*origin, canonical) << given;
  }
}

TEST(CanonicalOrigin, SaysWhatIsWrong) {
  const auto wrong = [](std::string_view text) {
    const auto origin = canonical_origin(text);
    return origin ? "nothing: " + *origin : origin.error().message;
  };
  using testing::HasSubstr;
  for (const std::string_view bad :
       {"", "a.example", "//a", "://a", "1http://a", "Null", "a b://c", "localhost:3000"})
    EXPECT_THAT(wrong(bad), HasSubstr("scheme")) << bad;
  for (const std::string_view bad : {"https://a/", "https://a/path", "https://a?b", "https://a:1#b"})
    EXPECT_THAT(wrong(bad), HasSubstr("path")) << bad;
  for (const std::string_view bad : {"https://", "https://:443", "http://::1", "file://:1"})
    EXPECT_THAT(wrong(bad), HasSubstr("no host")) << bad;
  for (const std::string_view bad : {"https://a b", "https://u@a", "https://b\xc3\xbc.example", "http://[::1",
                                     "http://[]", "http://[1::2::3]", "http://[fe80::1%1]", "http://[::1]x"})
    EXPECT_THAT(wrong(bad), HasSubstr("host is not one")) << bad;
  for (const std::string_view bad :
       {"https://a:", "https://a:0", "https://a:65536", "https://a:1x", "http://[::1]:x"})
    EXPECT_THAT(wrong(bad), HasSubstr("port")) << bad;
  EXPECT_THAT(wrong("https://*.a.example"), HasSubstr("only alone"));
}

TEST(Origins, TakesAListOfOriginsOnly) {
  EXPECT_TRUE(Origins::parse(""));
  EXPECT_TRUE(Origins::parse("*"));
  EXPECT_TRUE(Origins::parse(" https://a.example , http://localhost:3000,null,"));
  const auto origins = Origins::parse("https://a.example, https://b.example/path");
  ASSERT_FALSE(origins);
  EXPECT_THAT(origins.error().message, testing::StartsWith("\"https://b.example/path\": it has a path"));
}

TEST(Origins, AllowTheirOwnAndTheListedOnes) {
  const Origins origins =
      *Origins::parse("http://localhost:3000, https://X.example:443, capacitor://localhost");
  EXPECT_TRUE(origins.allow("http://localhost:3000", "chat.example.com"));
  EXPECT_TRUE(origins.allow("https://x.example", "chat.example.com"));
  EXPECT_TRUE(origins.allow("https://x.example:443", "chat.example.com"));
  EXPECT_TRUE(origins.allow("capacitor://localhost", "chat.example.com"));
  EXPECT_TRUE(origins.allow("https://chat.example.com", "Chat.example.com"));
  EXPECT_TRUE(origins.allow("https://chat.example.com", "chat.example.com:443"));
  EXPECT_TRUE(origins.allow("http://127.0.0.1:8000", "127.0.0.1:8000"));
  EXPECT_TRUE(origins.allow("http://[::1]:8000", "[::1]:8000"));
  EXPECT_FALSE(origins.allow("http://localhost:3001", "chat.example.com"));
  EXPECT_FALSE(origins.allow("http://x.example", "chat.example.com"));
  EXPECT_FALSE(origins.allow("capacitor://x.example", "chat.example.com"));
  EXPECT_FALSE(origins.allow("app://chat.example.com", "chat.example.com"));
  EXPECT_FALSE(origins.allow("https://chat.example.com.evil.example", "chat.example.com"));
  EXPECT_FALSE(origins.allow("http://chat.example.com:443", "chat.example.com"));
}

TEST(Origins, NameThePageThatABrowserCanOpen) {
  EXPECT_EQ(Origins::parse("capacitor://localhost, null, https://chat.example.com,http://b").value().page(),
            "https://chat.example.com");
  EXPECT_EQ(Origins::parse("*").value().page(), "");
}

TEST(Origins, AllowPagesWithoutOneByChoiceOnly) {
  EXPECT_FALSE(Origins::parse("https://a.example")->allow("null", "null"));
  EXPECT_TRUE(Origins::parse("https://a.example, null")->allow("null", "chat.example.com"));
  EXPECT_TRUE(Origins::parse("*")->allow("null", "chat.example.com"));
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
