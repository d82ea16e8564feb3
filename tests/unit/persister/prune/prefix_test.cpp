#include "persister/prune/prefix.hpp"

#include <gtest/gtest.h>

namespace chat::persister {
namespace {

using Rows = std::vector<AgedRow>;

TEST(Prefix, TakesOldRowsUpToTheFirstThatIsNot) {
  const Prefix prefix = prefix_of({{{1, 1}, true}, {{1, 2}, true}, {{1, 3}, false}, {{1, 4}, true}}, 10);
  EXPECT_EQ(prefix.floor, (Cursor{1, 2}));
  EXPECT_EQ(prefix.rows, 2U);
  EXPECT_TRUE(prefix.is_last);
}

TEST(Prefix, TakesNothingWhereTheOldestIsNotOld) {
  const Prefix prefix = prefix_of({{{1, 1}, false}}, 10);
  EXPECT_FALSE(prefix.floor);
  EXPECT_TRUE(prefix.is_last);
  EXPECT_FALSE(prefix_of({}, 10).floor);
}

TEST(Prefix, ReachesOverEpochs) {
  EXPECT_EQ(prefix_of({{{1, 9}, true}, {{2, 1}, true}}, 10).floor, (Cursor{2, 1}));
}

TEST(Prefix, TakesNoMoreThanTheLimitAndLeavesANumberThatGoesOnBehindIt) {
  const Rows rows{{{1, 1}, true}, {{1, 2}, true}, {{1, 3}, true}};
  const Prefix prefix = prefix_of(rows, 2);
  EXPECT_EQ(prefix.floor, (Cursor{1, 2}));
  EXPECT_EQ(prefix.rows, 2U);
  EXPECT_FALSE(prefix.is_last);
  EXPECT_TRUE(prefix_of(rows, 3).is_last);
  EXPECT_EQ(prefix_of({rows[0], rows[1], rows[1]}, 2).floor, (Cursor{1, 1}));
  EXPECT_EQ(prefix_of({rows[0], rows[1]}, 1).floor, (Cursor{1, 1}));
}

TEST(Prefix, ANumberThatCameTwiceIsTakenWholeOrNotAtAll) {
  const Rows rows{{{1, 1}, true}, {{1, 2}, true}, {{1, 2}, false}};
  EXPECT_EQ(prefix_of(rows, 10).floor, (Cursor{1, 1}));
  EXPECT_FALSE(prefix_of({rows[1], rows[2]}, 10).floor);
  EXPECT_EQ(prefix_of({rows[1], rows[1], rows[1]}, 2).floor, (Cursor{1, 2})) << "it cannot wait for ever";
}

}  // namespace
}  // namespace chat::persister
