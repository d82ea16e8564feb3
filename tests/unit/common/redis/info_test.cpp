#include "common/redis/info.hpp"

#include <gtest/gtest.h>

namespace chat::redis {
namespace {

constexpr std::string_view info =
    "# Memory\r\nused_memory:1\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\r\n";

TEST(InfoField, is_found_by_its_whole_name) {
  EXPECT_EQ(info_field(info, "maxmemory_policy"), "noeviction");
  EXPECT_EQ(info_field(info, "maxmemory"), "0");
  EXPECT_EQ(info_field(info, "memory"), std::nullopt);
  EXPECT_EQ(info_field(info, "maxmemory_pol"), std::nullopt);
}

TEST(InfoField, is_found_without_a_line_end_and_in_nothing_not) {
  EXPECT_EQ(info_field("a:1\nrun_id:xyz", "run_id"), "xyz");
  EXPECT_EQ(info_field("a:", "a"), "");
  EXPECT_EQ(info_field("", "a"), std::nullopt);
  EXPECT_EQ(info_field("a", "a"), std::nullopt);
}

}  // namespace
}  // namespace chat::redis
