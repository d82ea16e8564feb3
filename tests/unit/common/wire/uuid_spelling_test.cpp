#include "common/wire/uuid_spelling.hpp"

#include <gtest/gtest.h>

namespace chat {
namespace {

TEST(UuidSpelling, ATextComesBackLetterByLetter) {
  for (const std::string_view text :
       {"0f8fad5b-d9cb-469f-a165-70867728950e", "0F8FAD5B-D9CB-469F-A165-70867728950E",
        "fFfFfFfF-FfFf-aBcD-EfAb-CdEfAbCdEfAB", "A0000000-0000-0000-0000-00000000000a",
        "a0000000-0000-0000-0000-00000000000F", "00000000-0000-0000-0000-000000000000"})
    EXPECT_EQ(to_string(*parse_uuid(text), spelling_of(text)), text);
}

TEST(UuidSpelling, IsCanonicalInSmallLettersOnly) {
  EXPECT_TRUE(spelling_of("0f8fad5b-d9cb-469f-a165-70867728950e").is_canonical());
  EXPECT_FALSE(spelling_of("0f8fad5b-d9cb-469f-a165-70867728950E").is_canonical());
  EXPECT_FALSE(spelling_of("F0000000-0000-0000-0000-000000000000").is_canonical());
  EXPECT_TRUE(spelling_of("").is_canonical());
  EXPECT_TRUE(spelling_of(std::string(40, '0') + "F").is_canonical());
}

}  // namespace
}  // namespace chat
