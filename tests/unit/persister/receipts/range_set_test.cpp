#include "persister/receipts/range_set.hpp"

#include <random>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chat::persister {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

RangeSet set_of(const std::vector<Cursor>& numbers) {
  RangeSet set;
  for (const Cursor number : numbers) set.add(number);
  return set;
}

TEST(RangeSet, MergesNumbersThatFollowOneAnother) {
  EXPECT_THAT(set_of({{5, 1}, {5, 2}, {5, 3}}).ranges(), ElementsAre(NumberRange{5, 1, 3}));
  EXPECT_THAT(set_of({{5, 3}, {5, 2}, {5, 1}}).ranges(), ElementsAre(NumberRange{5, 1, 3}));
  EXPECT_THAT(set_of({{5, 1}, {5, 1}, {5, 3}}).ranges(),
              ElementsAre(NumberRange{5, 1, 1}, NumberRange{5, 3, 3}));
  EXPECT_THAT(set_of({{5, 1}, {5, 3}, {5, 2}}).ranges(), ElementsAre(NumberRange{5, 1, 3}))
      << "on both sides";
}

TEST(RangeSet, KeepsEpochsApart) {
  EXPECT_THAT(set_of({{6, 2}, {5, 1}, {6, 1}}).ranges(),
              ElementsAre(NumberRange{5, 1, 1}, NumberRange{6, 1, 2}));
}

TEST(RangeSet, SwallowsTheRangesThatANewOneCovers) {
  RangeSet set = set_of({{5, 2}, {5, 4}, {5, 6}, {5, 20}, {6, 3}});
  set.add(NumberRange{5, 1, 7});
  EXPECT_THAT(set.ranges(), ElementsAre(NumberRange{5, 1, 7}, NumberRange{5, 20, 20}, NumberRange{6, 3, 3}));
}

TEST(RangeSet, ForgetsWhatIsAtOrBelowANumber) {
  const auto left_of = [](Cursor last) {
    RangeSet set = set_of({{4, 9}, {5, 1}, {5, 2}, {5, 3}, {5, 7}, {6, 1}});
    set.remove_up_to(last);
    return set.take();
  };
  EXPECT_THAT(left_of({0, 0}).size(), 4u);
  EXPECT_THAT(left_of({5, 0}), ElementsAre(NumberRange{5, 1, 3}, NumberRange{5, 7, 7}, NumberRange{6, 1, 1}));
  EXPECT_THAT(left_of({5, 2}), ElementsAre(NumberRange{5, 3, 3}, NumberRange{5, 7, 7}, NumberRange{6, 1, 1}));
  EXPECT_THAT(left_of({5, 3}), ElementsAre(NumberRange{5, 7, 7}, NumberRange{6, 1, 1}));
  EXPECT_THAT(left_of({6, 9}), IsEmpty());
}

TEST(RangeSet, KeepsTheHighestRanges) {
  RangeSet set = set_of({{4, 9}, {5, 1}, {5, 3}, {6, 1}});
  set.keep_highest(4);
  EXPECT_EQ(set.size(), 4u);
  set.keep_highest(2);
  EXPECT_THAT(set.ranges(), ElementsAre(NumberRange{5, 3, 3}, NumberRange{6, 1, 1}));
}

TEST(RangeSet, HoldsTheSameNumbersAsAPlainSetInWhateverOrderTheyCome) {
  std::mt19937 engine(7);
  const auto draw = [&](std::int64_t least, std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>(least, most)(engine);
  };
  for (int round = 0; round < 200; ++round) {
    RangeSet set;
    std::set<Cursor> numbers;
    for (int i = 0; i < 60; ++i) {
      const std::int64_t first = draw(1, 50);
      const NumberRange range{draw(0, 1), first, first + draw(0, 3)};
      set.add(range);
      for (auto seq = range.first; seq <= range.last; ++seq) numbers.insert({range.epoch, seq});
    }
    std::set<Cursor> held;
    const NumberRange* before = nullptr;
    for (const NumberRange& range : set.ranges()) {
      for (auto seq = range.first; seq <= range.last; ++seq) held.insert({range.epoch, seq});
      const bool is_same_epoch = before != nullptr && before->epoch == range.epoch;
      EXPECT_TRUE(!is_same_epoch || range.first > before->last + 1);
      before = &range;
    }
    EXPECT_EQ(held, numbers);
  }
}

TEST(RangeSetDeathTest, RangesHaveANumber) {
  RangeSet set;
  EXPECT_DEATH(set.add(NumberRange{5, 3, 2}), "");
  EXPECT_DEATH(set.add(Cursor{5, 0}), "");
}

}  // namespace
}  // namespace chat::persister
