#include "persister/interfaces/origin.hpp"

#include <gtest/gtest.h>

namespace chat::persister {
namespace {

TEST(Origin, ComesBackFromItsText) {
  for (const Origin& origin : {Origin{3, 42, 1'714'557'600'125}, Origin{0, 0, -1}}) {
    EXPECT_EQ(parse_origin(to_string(origin)), origin);
  }
  EXPECT_EQ(to_string(Origin{3, 42, 7}), "3/42/7");
}

TEST(Origin, IsNothingElse) {
  for (const char* text : {"", "3", "3/42", "3/42/", "3/42/7/", "3/42/7 ", " 3/42/7", "-1/42/7", "3/-1/7",
                           "3/42/-2", "x/42/7", "3/42/99999999999999999999"}) {
    EXPECT_FALSE(parse_origin(text)) << text;
  }
}

}  // namespace
}  // namespace chat::persister
