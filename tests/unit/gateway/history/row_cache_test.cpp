#include "gateway/history/row_cache.hpp"

#include <gtest/gtest.h>

#include "tests/unit/gateway/history/pages.hpp"

namespace chat::gateway {
namespace {

using namespace testing;
using std::chrono::milliseconds;

struct RowCacheTest : ::testing::Test {
  RowCache cache;
  const RowCache::TimePoint now{std::chrono::hours{1}};

  std::string find(Cursor after, Cursor until, milliseconds later = milliseconds{0}) {
    const auto found = cache.find("r", after, until, now + later);
    return found ? "[" + numbers(found->entries) + "]" : "none";
  }
};

TEST_F(RowCacheTest, ServesLaterCursorsOfTheSamePageForASecond) {
  cache.put("r", {1, 2}, {1, 6}, rows(entries(1, 3, 5)), now);
  EXPECT_EQ(find({1, 2}, {1, 6}), "[1/3 1/4 1/5]");
  EXPECT_EQ(find({1, 4}, {1, 6}), "[1/5]");
  EXPECT_EQ(find({1, 5}, {1, 6}), "[]");
  EXPECT_EQ(find({1, 4}, {1, 6}, milliseconds{999}), "[1/5]");
  EXPECT_EQ(find({1, 4}, {1, 6}, milliseconds{1000}), "none");
}

TEST_F(RowCacheTest, I3GivesNothingThatItDoesNotHaveWhole) {
  auto cut = rows(entries(1, 3, 5));
  cut.more = true;
  cache.put("r", {1, 2}, {1, 9}, cut, now);
  EXPECT_EQ(find({1, 1}, {1, 9}), "none") << "an older cursor";
  EXPECT_EQ(find({1, 2}, {1, 10}), "none") << "a stream that was trimmed further";
  EXPECT_EQ(find({1, 5}, {1, 9}), "none") << "behind the page";
  EXPECT_TRUE(cache.find("r", {1, 3}, {1, 9}, now)->more);
  EXPECT_FALSE(cache.find("q", {1, 3}, {1, 9}, now));
}

TEST_F(RowCacheTest, KeepsTheOldestCursorsPageAndABoundedNumberOfRooms) {
  cache.put("r", {1, 2}, {1, 6}, rows(entries(1, 3, 5)), now);
  cache.put("r", {1, 4}, {1, 6}, rows(entries(1, 5, 5)), now);
  EXPECT_EQ(find({1, 2}, {1, 6}), "[1/3 1/4 1/5]");
  for (int i = 0; i < 100; ++i) cache.put("room" + std::to_string(i), {1, 2}, {1, 6}, rows({}), now);
  EXPECT_FALSE(cache.find("room99", {1, 2}, {1, 6}, now));
  cache.put("room99", {1, 2}, {1, 6}, rows({}), now + std::chrono::seconds{1});
  EXPECT_TRUE(cache.find("room99", {1, 2}, {1, 6}, now + std::chrono::seconds{1}));
}

}  // namespace
}  // namespace chat::gateway
