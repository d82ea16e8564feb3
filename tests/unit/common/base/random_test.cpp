#include "common/base/random.hpp"

#include <limits>
#include <set>

#include <gtest/gtest.h>

namespace chat {
namespace {

class Numbers : public Random {
 public:
  std::uint64_t next() override { return number_++; }

 private:
  std::uint64_t number_ = 0;
};

TEST(RandomTest, between_gives_every_number_with_both_ends) {
  Numbers numbers;
  std::set<std::int64_t> drawn;
  for (int i = 0; i < 100; ++i) drawn.insert(numbers.between(-2, 3));
  EXPECT_EQ(drawn, (std::set<std::int64_t>{-2, -1, 0, 1, 2, 3}));
}

TEST(RandomTest, between_takes_empty_and_full_spans) {
  Numbers numbers;
  EXPECT_EQ(numbers.between(5, 5), 5);
  EXPECT_EQ(numbers.between(5, 4), 5);
  constexpr auto low = std::numeric_limits<std::int64_t>::min();
  EXPECT_EQ(numbers.between(low, std::numeric_limits<std::int64_t>::max()), low);
}

TEST(RandomTest, the_kernels_numbers_do_not_repeat_over_many_refills) {
  std::set<std::uint64_t> drawn;
  for (int i = 0; i < 5'000; ++i) drawn.insert(Random::real().next());
  EXPECT_EQ(drawn.size(), 5'000u);
}

}  // namespace
}  // namespace chat
