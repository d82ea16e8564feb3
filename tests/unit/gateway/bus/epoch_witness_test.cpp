#include "gateway/bus/epoch_witness.hpp"

#include <gtest/gtest.h>

namespace chat::gateway {
namespace {

using namespace std::chrono_literals;

const EpochWitness::TimePoint begin{1h};

TEST(EpochWitnessTest, WithoutAReadingNothingIsKnown) {
  EXPECT_EQ(EpochWitness().bound(begin), std::nullopt);
}

TEST(EpochWitnessTest, TheBoundIsAboveTheClockAsItMayHaveGoneOn) {
  EpochWitness witness;
  witness.saw(100, 1'000'000, begin);
  EXPECT_EQ(witness.bound(begin), 1'001'000);
  EXPECT_EQ(witness.bound(begin + 20s), 1'021'000);
}

TEST(EpochWitnessTest, EpochsThatRunAheadOfTheClockAreBoundedToo) {
  EpochWitness witness;
  witness.saw(5'000'000, 1'000'000, begin);
  EXPECT_EQ(witness.bound(begin + 2s), 5'003'000);
}

TEST(EpochWitnessTest, TheNewestReadingCounts) {
  EpochWitness witness;
  witness.saw(5'000'000, 1'000'000, begin);
  witness.saw(100, 2'000'000, begin + 1s);
  EXPECT_EQ(witness.bound(begin + 1s), 2'001'000);
}

TEST(EpochWitnessTest, AnOldReadingSaysNothing) {
  EpochWitness witness;
  witness.saw(100, 1'000'000, begin);
  EXPECT_TRUE(witness.bound(begin + 5min));
  EXPECT_FALSE(witness.bound(begin + 5min + 1ms));
}

}  // namespace
}  // namespace chat::gateway
