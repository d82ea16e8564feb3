#include "common/wire/cursor.hpp"

#include <gtest/gtest.h>

namespace chat {
namespace {

TEST(Cursor, ComesBackFromItsText) {
  for (const Cursor cursor : {Cursor{0, 0}, Cursor{1, 2}, Cursor{max_json_integer, max_json_integer}})
    EXPECT_EQ(parse_cursor(to_string(cursor)), cursor);
  EXPECT_EQ(to_string({1700000000000, 5}), "1700000000000-5");
}

TEST(Cursor, NoOtherTextIsOne) {
  for (const char* text : {"", "-", "1", "1-", "-1", "1-2-3", "1-2 ", " 1-2", "1--2", "-1-2", "+1-2", "a-1",
                           "1-9007199254740992", "9007199254740992-1", "99999999999999999999-1"})
    EXPECT_FALSE(parse_cursor(text)) << text;
}

}  // namespace
}  // namespace chat
