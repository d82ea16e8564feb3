#include "gateway/chat/own_numbers.hpp"

#include <algorithm>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "tests/unit/gateway/chat/fakes.hpp"

namespace chat::gateway {
namespace {

using testing::stored_numbers;
using testing::stored_up_to;

using Receipt = std::optional<Cursor>;

struct OwnNumbersTest : ::testing::Test {
  OwnNumbers numbers;
  OwnNumbers::TimePoint now{std::chrono::hours(1)};

  void accept(std::int64_t seq, std::int64_t epoch = 5) {
    numbers.accepted({epoch, seq}, random_uuid(), now);
  }
  void accept_and_ack(std::int64_t seq, std::int64_t epoch = 5) {
    accept(seq, epoch);
    numbers.acked({epoch, seq});
  }
  void store(std::int64_t first, std::int64_t last, std::int64_t epoch = 5) {
    numbers.stored(stored_numbers(epoch, first, last));
  }
};

TEST_F(OwnNumbersTest, AReceiptNeedsTheAckAndTheRowInEitherOrder) {
  accept(3);
  store(3, 3);
  EXPECT_EQ(numbers.take_receipt(), Receipt{});
  numbers.acked({5, 3});
  EXPECT_EQ(numbers.take_receipt(), Receipt({5, 3}));
  accept_and_ack(4);
  EXPECT_EQ(numbers.take_receipt(), Receipt{});
  store(4, 4);
  EXPECT_EQ(numbers.take_receipt(), Receipt({5, 4}));
  EXPECT_EQ(numbers.take_receipt(), Receipt{}) << "each value once";
  EXPECT_TRUE(numbers.empty());
}

TEST_F(OwnNumbersTest, ALowerNumberThatIsOpenHoldsTheHigherOnesBack) {
  for (const std::int64_t seq : {2, 5, 9}) accept_and_ack(seq);
  store(5, 5);
  store(9, 9);
  EXPECT_EQ(numbers.take_receipt(), Receipt{});
  store(2, 2);
  EXPECT_EQ(numbers.take_receipt(), Receipt({5, 9}));
}

TEST_F(OwnNumbersTest, AnUnacknowledgedNumberHoldsBackToo) {
  accept(2);
  accept_and_ack(3);
  store(1, 9);
  EXPECT_EQ(numbers.take_receipt(), Receipt{});
  numbers.acked({5, 2});
  EXPECT_EQ(numbers.take_receipt(), Receipt({5, 3}));
}

TEST_F(OwnNumbersTest, TheValueIsAnOwnNumberAndRises) {
  for (const std::int64_t seq : {2, 5, 9}) accept_and_ack(seq);
  store(1, 7);
  EXPECT_EQ(numbers.take_receipt(), Receipt({5, 5}));
  store(8, 20);
  EXPECT_EQ(numbers.take_receipt(), Receipt({5, 9}));
}

TEST_F(OwnNumbersTest, TheWatermarkStoresItsOwnEpochOnly) {
  accept_and_ack(7, 4);
  accept_and_ack(1, 5);
  accept_and_ack(3, 5);
  numbers.stored(stored_up_to({5, 2}));
  EXPECT_EQ(numbers.take_receipt(), Receipt{});
  store(7, 7, 4);
  EXPECT_EQ(numbers.take_receipt(), Receipt({5, 1}));
  numbers.stored(stored_up_to({6, 9}));
  EXPECT_EQ(numbers.take_receipt(), Receipt{});
  EXPECT_EQ(numbers.waiting(), 1U);
}

TEST_F(OwnNumbersTest, ARetriedNumberCountsOnce) {
  accept(2);
  accept(2);
  EXPECT_EQ(numbers.waiting(), 1U);
  numbers.acked({5, 2});
  accept(2);
  store(2, 2);
  EXPECT_EQ(numbers.take_receipt(), Receipt({5, 2}));
  EXPECT_EQ(numbers.waiting(), 0U);
}

TEST_F(OwnNumbersTest, AnOlderNumberThatIsGivenLateRepeatsTheHighestValue) {
  accept_and_ack(8);
  store(8, 8);
  EXPECT_EQ(numbers.take_receipt(), Receipt({5, 8}));
  accept_and_ack(4);
  EXPECT_EQ(numbers.take_receipt(), Receipt{});
  store(4, 4);
  EXPECT_EQ(numbers.take_receipt(), Receipt({5, 8}));
}

TEST_F(OwnNumbersTest, TellsWhichOldNumbersAreNotKnownToBeStored) {
  accept(2);
  now += std::chrono::seconds(5);
  for (const std::int64_t seq : {3, 4, 5}) accept(seq);
  store(4, 4);
  ASSERT_EQ(numbers.unstored(now - std::chrono::seconds(5), 9).size(), 1U);
  EXPECT_EQ(numbers.unstored(now - std::chrono::seconds(5), 9)[0].number, (Cursor{5, 2}));
  EXPECT_EQ(numbers.unstored(now, 9).size(), 3U);
  EXPECT_EQ(numbers.unstored(now, 2).size(), 2U);
}

TEST_F(OwnNumbersTest, I6StaysSmallWhileNothingIsStoredAndTheWatermarkStoresItAll) {
  for (std::int64_t seq = 1; seq <= 100'000; ++seq) accept_and_ack(3 * seq);
  EXPECT_EQ(numbers.waiting(), 100'000U);
  EXPECT_LE(numbers.unstored(now, 100'000).size(), OwnNumbers::max_entries);
  EXPECT_EQ(numbers.take_receipt(), Receipt{});
  numbers.stored(stored_up_to({5, 150'000}));
  EXPECT_EQ(numbers.take_receipt(), Receipt{}) << "the span of the older ones is stored as a whole";
  numbers.stored(stored_up_to({5, 299'999}));
  EXPECT_EQ(numbers.take_receipt(), Receipt({5, 299'997}));
  store(300'000, 300'000);
  EXPECT_EQ(numbers.take_receipt(), Receipt({5, 300'000}));
  EXPECT_EQ(numbers.waiting(), 0U);
}

TEST_F(OwnNumbersTest, ASpanOfAnOlderEpochIsStoredByRangesThatFollowOneAnother) {
  for (std::int64_t seq = 1; seq <= 600; ++seq) accept_and_ack(3 * seq, 4);
  accept_and_ack(1, 5);
  store(1, 1, 5);
  store(600, 1800, 4);
  EXPECT_EQ(numbers.take_receipt(), Receipt{});
  store(1, 599, 4);
  EXPECT_EQ(numbers.take_receipt(), Receipt{}) << "a span is read from its front only";
  store(600, 800, 4);
  EXPECT_EQ(numbers.take_receipt(), Receipt({5, 1}));
}

TEST_F(OwnNumbersTest, UnacknowledgedNumbersAreNeverJoined) {
  for (std::int64_t seq = 1; seq <= 1000; ++seq) {
    accept(seq);
    if (seq != 10) numbers.acked({5, seq});
  }
  store(1, 1000);
  EXPECT_EQ(numbers.take_receipt(), Receipt({5, 9}));
  numbers.acked({5, 10});
  EXPECT_EQ(numbers.take_receipt(), Receipt({5, 1000}));
}

/// Random events against the definition in PROTOCOL; nothing is stored for long times, so that spans form.
struct RandomOwnNumbersTest : OwnNumbersTest {
  std::mt19937 engine{7};
  std::set<std::int64_t> own, unacked, unstored;
  std::int64_t newest = 0;

  bool chance(int percent) { return std::uniform_int_distribution<int>(1, 100)(engine) <= percent; }

  /// The lowest for the most part.
  std::int64_t pick(const std::set<std::int64_t>& from) {
    if (chance(80)) return *from.begin();
    const auto found = from.lower_bound(std::uniform_int_distribution<std::int64_t>(1, newest)(engine));
    return found == from.end() ? *from.begin() : *found;
  }

  void add() {
    unstored.insert(++newest);
    if (chance(30)) return;
    own.insert(newest);
    unacked.insert(newest);
    accept(newest);
  }
  void ack() {
    const auto seq = pick(unacked);
    unacked.erase(seq);
    numbers.acked({5, seq});
  }
  void store_some() {
    const auto first = pick(unstored);
    const auto last = std::min(newest, first + std::uniform_int_distribution<std::int64_t>(0, 30)(engine));
    unstored.erase(unstored.find(first), unstored.upper_bound(last));
    store(first, last);
  }
  bool is_done(std::int64_t seq) const { return !unacked.contains(seq) && !unstored.contains(seq); }
};

TEST_F(RandomOwnNumbersTest, NeverClaimsMoreThanIsAcknowledgedAndStored) {
  Receipt told;
  int receipts = 0;
  for (int step = 0; step < 40'000; ++step) {
    if (chance(40)) {
      add();
    } else if (chance(60)) {
      if (!unacked.empty()) ack();
    } else if (step % 8000 > 4000 && !unstored.empty()) {
      store_some();
      if (unstored.empty() || chance(5))
        numbers.stored(stored_up_to({5, unstored.empty() ? newest : *unstored.begin() - 1}));
    }
    const auto receipt = numbers.take_receipt();
    if (!receipt) continue;
    ASSERT_TRUE(own.contains(receipt->seq));
    ASSERT_TRUE(!told || *told < *receipt);
    ASSERT_TRUE(std::all_of(own.begin(), own.upper_bound(receipt->seq),
                            [&](std::int64_t seq) { return is_done(seq); }));
    told = receipt;
    ++receipts;
  }
  EXPECT_GT(receipts, 1000);
  while (!unacked.empty()) ack();
  numbers.stored(stored_up_to({5, newest}));
  EXPECT_EQ(numbers.take_receipt(), Receipt({5, *own.rbegin()}));
  EXPECT_TRUE(numbers.empty());
}

}  // namespace
}  // namespace chat::gateway
