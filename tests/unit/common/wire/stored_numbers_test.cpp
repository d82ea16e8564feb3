#include "common/wire/stored_numbers.hpp"

#include <string>

#include <gtest/gtest.h>

namespace chat {
namespace {

std::string publication(const std::vector<NumberRange>& ranges, Cursor watermark) {
  const StoredParts parts = make_stored_parts("general", ranges);
  return parts.head + std::to_string(watermark.epoch) + ",\"seq\":" + std::to_string(watermark.seq) + "," +
         parts.tail;
}

TEST(StoredNumbers, ComeBackAsTheyWereMade) {
  for (const std::vector<NumberRange>& ranges :
       {std::vector<NumberRange>{}, {{5, 1, 1}}, {{5, 1, 3}, {5, 7, 9}, {max_json_integer, 1, 1}}}) {
    const auto stored = parse_stored("general", publication(ranges, {5, 3}));
    ASSERT_TRUE(stored);
    EXPECT_EQ(stored->watermark, (Cursor{5, 3}));
    EXPECT_EQ(stored->ranges, ranges);
  }
}

TEST(StoredNumbers, AreJson) {
  EXPECT_EQ(publication({{5, 1, 3}, {6, 1, 1}}, {5, 3}),
            R"({"type":"stored","room":"general","epoch":5,"seq":3,"ranges":[[5,1,3],[6,1,1]]})");
}

TEST(StoredNumbers, AnythingElseIsNone) {
  const std::string good = publication({{5, 1, 3}, {5, 7, 9}}, {5, 3});
  ASSERT_TRUE(parse_stored("general", good));
  EXPECT_FALSE(parse_stored("genera", good));
  EXPECT_FALSE(parse_stored("general", good + " "));
  EXPECT_FALSE(parse_stored("general", R"({"type":"message","room":"general","epoch":5,"seq":6,"id":""})"));
  EXPECT_FALSE(parse_stored("general", publication({{5, 3, 1}}, {5, 3})));
  EXPECT_FALSE(parse_stored("general", publication({{5, -1, 1}}, {5, 3})));
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(parse_stored("general", good.substr(0, size))) << size;
}

TEST(NumberRange, ContainsItsEndsOnly) {
  const NumberRange range{5, 2, 4};
  EXPECT_FALSE(range.contains({5, 1}));
  EXPECT_TRUE(range.contains({5, 2}));
  EXPECT_TRUE(range.contains({5, 4}));
  EXPECT_FALSE(range.contains({5, 5}));
  EXPECT_FALSE(range.contains({6, 3}));
}

TEST(StoredNumbersDeathTest, RangesRiseAndDoNotTouch) {
  EXPECT_DEATH(make_stored_parts("general", {{5, 1, 3}, {5, 4, 9}}), "");
  EXPECT_DEATH(make_stored_parts("general", {{5, 1, 3}, {4, 9, 9}}), "");
}

}  // namespace
}  // namespace chat
