#include "gateway/journal/capacity.hpp"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace chat::gateway {
namespace {

TEST(Capacity, I6_refuses_beyond_its_records_and_its_bytes) {
  Capacity capacity(2, 100);
  EXPECT_TRUE(capacity.take(60));
  EXPECT_FALSE(capacity.take(41));
  EXPECT_TRUE(capacity.take(40));
  EXPECT_FALSE(capacity.take(0));
  EXPECT_EQ(capacity.records(), 2u);
  EXPECT_EQ(capacity.bytes(), 100u);
  capacity.give_back(1, 60);
  EXPECT_TRUE(capacity.take(60));
}

TEST(Capacity, what_turned_out_larger_counts_against_the_next) {
  Capacity capacity(10, 100);
  ASSERT_TRUE(capacity.take(50));
  capacity.add_bytes(60);
  EXPECT_FALSE(capacity.take(1));
  capacity.give_back(1, 110);
  EXPECT_TRUE(capacity.take(100));
}

TEST(Capacity, many_threads_never_pass_the_bound_and_lose_nothing) {
  Capacity capacity(3, 3000);
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 20'000; ++n) {
        if (!capacity.take(1000)) continue;
        const int now = ++inside;
        for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
        }
        --inside;
        capacity.give_back(1, 1000);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_LE(most, 3);
  EXPECT_EQ(capacity.records(), 0u);
  EXPECT_EQ(capacity.bytes(), 0u);
}

TEST(CapacityDeathTest, a_slot_that_was_not_taken_cannot_be_given_back) {
  Capacity capacity(3, 3000);
  ASSERT_TRUE(capacity.take(10));
  EXPECT_DEATH(capacity.give_back(2, 10), "");
  EXPECT_DEATH(capacity.give_back(1, 11), "");
}

}  // namespace
}  // namespace chat::gateway
