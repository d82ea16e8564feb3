#include "common/base/backoff.hpp"

#include <gtest/gtest.h>

#include "tests/support/seeded_random.hpp"

namespace chat {
namespace {

using namespace std::chrono_literals;
using test::SeededRandom;

TEST(Backoff, DoublesUpToTheMaximum) {
  SeededRandom random(1);
  Backoff backoff(100ms, 5s, random);
  for (const auto ceiling : {100ms, 200ms, 400ms, 800ms, 1600ms, 3200ms, 5000ms, 5000ms, 5000ms}) {
    const auto wait = backoff.next();
    EXPECT_GE(wait, ceiling / 2);
    EXPECT_LE(wait, ceiling);
  }
}

TEST(Backoff, BeginsAgainAfterASuccess) {
  SeededRandom random(1);
  Backoff backoff(100ms, 5s, random);
  for (int i = 0; i < 10; ++i) backoff.next();
  backoff.reset();
  EXPECT_LE(backoff.next(), 100ms);
}

TEST(Backoff, NeverWaitsZero) {
  Backoff backoff(0ms, 0ms);
  for (int i = 0; i < 10; ++i) EXPECT_GE(backoff.next(), 1ms);
}

TEST(Backoff, SpreadsWhatStartsTogether) {
  bool differs = false;
  const auto first = Backoff(1s, 5s).next();
  for (int i = 0; i < 10; ++i) differs = differs || Backoff(1s, 5s).next() != first;
  EXPECT_TRUE(differs);
}

TEST(Backoff, RepeatsItsWaitsWithTheSameRandomNumbers) {
  SeededRandom random(7);
  SeededRandom same(7);
  Backoff one(100ms, 5s, random);
  Backoff other(100ms, 5s, same);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(one.next(), other.next());
}

}  // namespace
}  // namespace chat
