#include "common/config/mask.hpp"

#include <string>

#include <gtest/gtest.h>

namespace chat::config {
namespace {

TEST(MaskPasswords, HidesOnlyThePasswordOfAUrl) {
  EXPECT_EQ(mask_passwords("postgresql://chat:geheim@db:5432/chat?sslmode=require"),
            "postgresql://chat:***@db:5432/chat?sslmode=require");
  EXPECT_EQ(mask_passwords("redis://:geheim@127.0.0.1:6379/3"), "redis://:***@127.0.0.1:6379/3");
}

TEST(MaskPasswords, HidesThePasswordOfEveryUrlInAList) {
  EXPECT_EQ(mask_passwords("redis://:one@a:1,redis://user:two@b:2,redis://c:3"),
            "redis://:***@a:1,redis://user:***@b:2,redis://c:3");
}

TEST(MaskPasswords, HidesPasswordsWithUnescapedPunctuation) {
  for (const std::string password : {"a@b", "a:b", "a/b", "a,b", "a?b", "a#b", "a//b", "@", "a@b:c/d@e"}) {
    const std::string masked = mask_passwords("redis://u:" + password + "@host:1/2");
    EXPECT_EQ(masked, "redis://u:***@host:1/2") << password;
  }
}

TEST(MaskPasswords, HidesTheParameterOfAQueryAndOfAConnectionString) {
  EXPECT_EQ(mask_passwords("postgresql://db/chat?user=u&password=geheim&sslmode=require"),
            "postgresql://db/chat?user=u&password=***&sslmode=require");
  EXPECT_EQ(mask_passwords("host=db password=geheim dbname=chat"), "host=db password=*** dbname=chat");
  EXPECT_EQ(mask_passwords("password = 'ge heim\\' x' host=db"), "password = *** host=db");
  EXPECT_EQ(mask_passwords("host=db sslpassword=geheim"), "host=db sslpassword=***");
  EXPECT_EQ(mask_passwords("password='open"), "password=***");
}

TEST(MaskPasswords, LeavesOtherTextsAlone) {
  for (const std::string text :
       {"", "MESSAGES", "127.0.0.1:9092,b:9092", "redis://host:6379", "redis://user@host:1",
        "postgresql://db/chat?sslmode=require", "password", "a@b", "://", "x://:"})
    EXPECT_EQ(mask_passwords(text), text);
}

TEST(SecretProperty, IsKnownByItsName) {
  for (const char* name :
       {"sasl.password", "ssl.key.password", "ssl.key.pem", "sasl.oauthbearer.client.secret"})
    EXPECT_TRUE(is_secret_property(name)) << name;
  for (const char* name : {"linger.ms", "sasl.username", "compression.type"})
    EXPECT_FALSE(is_secret_property(name)) << name;
}

}  // namespace
}  // namespace chat::config
