#include "persister/prune/age.hpp"

#include <gtest/gtest.h>

namespace chat::persister {
namespace {

using std::chrono::hours;

TEST(Age, IsInDaysOrHours) {
  EXPECT_EQ(parse_age("90d"), hours{90 * 24});
  EXPECT_EQ(parse_age("36h"), hours{36});
  EXPECT_EQ(parse_age("0h"), hours{0});
  EXPECT_EQ(parse_age("36500d"), hours{36'500 * 24});
}

TEST(Age, IsNothingElse) {
  for (const char* text :
       {"", "d", "90", "90 d", "-1d", "1.5d", "90days", "36501d", "99999999999999999999d", "1w"})
    EXPECT_FALSE(parse_age(text)) << text;
}

}  // namespace
}  // namespace chat::persister
