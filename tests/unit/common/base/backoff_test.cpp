#include "common/base/backoff.hpp"

#include <gtest/gtest.h>

namespace chat {
namespace {

using namespace std::chrono_literals;

TEST(Backoff, DoublesUpToTheMost) {
  Backoff backoff(100ms, 5s, 1);
  for (const auto ceiling : {100ms, 200ms, 400ms, 800ms, 1600ms, 3200ms, 5000ms, 5000ms, 5000ms}) {
    const auto wait = backoff.next();
    EXPECT_GE(wait, ceiling / 2);
    EXPECT_LE(wait, ceiling);
  }
}

TEST(Backoff, BeginsAgainAfterASuccess) {
  Backoff backoff(100ms, 5s, 1);
  for (int i = 0; i < 10; ++i) backoff.next();
  backoff.reset();
  EXPECT_LE(backoff.next(), 100ms);
}

TEST(Backoff, NeverWaitsZero) {
  Backoff backoff(0ms, 0ms, 1);
  for (int i = 0; i < 10; ++i) EXPECT_GE(backoff.next(), 1ms);
}

TEST(Backoff, SpreadsWhatStartsTogether) {
  bool differs = false;
  const auto first = Backoff(1s, 5s, 0).next();
  for (std::uint64_t seed = 1; seed < 10; ++seed) differs = differs || Backoff(1s, 5s, seed).next() != first;
  EXPECT_TRUE(differs);
}

}  // namespace
}  // namespace chat
