#include "common/config/redis_url.hpp"

#include <string>

#include <gtest/gtest.h>

namespace chat::config {
namespace {

TEST(RedisUrl, HasAllParts) {
  const auto url = parse_redis_url("redis://gw:geheim@redis.example:6380/7");
  ASSERT_TRUE(url) << url.error().message;
  EXPECT_EQ(url->host, "redis.example");
  EXPECT_EQ(url->port, 6380);
  EXPECT_EQ(url->username, "gw");
  EXPECT_EQ(url->password, "geheim");
  EXPECT_EQ(url->database, 7);
}

TEST(RedisUrl, NeedsOnlyTheHost) {
  for (const char* text : {"redis://h", "redis://h/", "redis://h:6379", "redis://h:6379/0", "redis://@h"}) {
    const auto url = parse_redis_url(text);
    ASSERT_TRUE(url) << text << ": " << url.error().message;
    EXPECT_EQ(url->host, "h");
    EXPECT_EQ(url->port, 6379);
    EXPECT_EQ(url->username + url->password, "");
    EXPECT_EQ(url->database, 0);
  }
}

TEST(RedisUrl, DecodesPercentSignsAndTakesOddPasswords) {
  EXPECT_EQ(parse_redis_url("redis://:p%40ss%2Fw%3a%25@h")->password, "p@ss/w:%");
  EXPECT_EQ(parse_redis_url("redis://:a:b@c/d,e@h")->password, "a:b@c/d,e");
  EXPECT_EQ(parse_redis_url("redis://:a:b@c/d,e@h")->host, "h");
}

TEST(RedisUrl, TakesIpv6InBrackets) {
  const auto url = parse_redis_url("redis://[::1]:7000/1");
  ASSERT_TRUE(url) << url.error().message;
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(url->port, 7000);
  EXPECT_EQ(parse_redis_url("redis://[::1]")->port, 6379);
}

TEST(RedisUrl, SaysWhatIsWrong) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "is not a Redis URL"},
      {"localhost:6379", "is not a Redis URL"},
      {"http://h", "is not a Redis URL"},
      {"rediss://a,rediss://b", "more than one URL"},
      {"redis://a,redis://b", "more than one URL"},
      {"redis://a:1,b:2", "more than one server"},
      {"redis://", "has no host"},
      {"redis://:6379", "has no host"},
      {"redis://:pw@", "has no host"},
      {"redis://[::1", "without its ]"},
      {"redis://[::1]x", "has a port"},
      {"redis://h:", "has a port"},
      {"redis://h:0", "has a port"},
      {"redis://h:65536", "has a port"},
      {"redis://h:1x", "has a port"},
      {"redis://h/x", "has a database"},
      {"redis://h/-1", "has a database"},
      {"redis://h/1/2", "has a database"},
      {"redis://h?db=1", "has options"},
      {"redis://:p%4@h", "percent-encoding"},
      {"redis://:p%zz@h", "percent-encoding"},
      {"redis://:p%00@h", "percent-encoding"},
      {"redis://user@h", "no password"},
  };
  for (const auto& [text, expected] : cases) {
    const auto url = parse_redis_url(text);
    ASSERT_TRUE(url.has_error()) << text;
    EXPECT_NE(url.error().message.find(expected), std::string::npos) << text << ": " << url.error().message;
  }
}

TEST(RedisUrl, NeverShowsThePasswordInAnError) {
  for (const char* text : {"redis://:geheim@", "redis://u:geheim@h:0", "redis://:geheim%@h",
                           "rediss://:geheim@h:x", "redis://:geheim@h/x", "redis://:geheim@h?x"})
    EXPECT_EQ(parse_redis_url(text).error().message.find("geheim"), std::string::npos) << text;
}

}  // namespace
}  // namespace chat::config
