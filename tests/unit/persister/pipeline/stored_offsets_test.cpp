#include "persister/pipeline/stored_offsets.hpp"

#include <array>

#include <gtest/gtest.h>

#include "tests/unit/persister/pipeline/fakes.hpp"

namespace chat::persister {
namespace {

using test::describe;

TEST(StoredOffsetsTest, keeps_the_last_offset_of_each_partition_until_it_is_taken) {
  StoredOffsets offsets;
  offsets.note(std::array{Position{0, 5}, Position{2, 9}});
  offsets.note(std::array{Position{0, 7}});
  EXPECT_EQ(describe(offsets.all()), " 0:7 2:9");
  EXPECT_EQ(describe(offsets.take(std::array{1, 2})), " 2:9");
  EXPECT_EQ(describe(offsets.all()), " 0:7");
  EXPECT_EQ(describe(offsets.take(std::array{2})), "");
}

}  // namespace
}  // namespace chat::persister
