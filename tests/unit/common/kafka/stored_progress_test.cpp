#include "common/kafka/stored_progress.hpp"

#include <gtest/gtest.h>

namespace chat::kafka {
namespace {

class ProgressLookTest : public testing::Test {
 protected:
  ProgressSources sources_{[](const std::string&) { return std::optional<std::int32_t>(3); },
                           [this](std::int32_t partition) {
                             ++questions_;
                             return partition == 3 ? std::optional<std::int64_t>(5) : std::nullopt;
                           },
                           [this] {
                             ++questions_;
                             return positions_;
                           },
                           [this](std::int32_t, const StoredPosition&) {
                             ++questions_;
                             return proof_;
                           }};
  std::optional<StoredPositions> positions_{{{3, {5}}}};
  std::optional<bool> proof_ = true;
  int questions_ = 0;
};

TEST_F(ProgressLookTest, asks_each_question_once) {
  ProgressLook look(sources_);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(look.end_offset(3), 5);
    EXPECT_EQ(look.end_offset(4), std::nullopt);
    EXPECT_EQ(look.position(3).next_offset, 5);
    EXPECT_EQ(look.position(4), StoredPosition{});
    EXPECT_EQ(look.proves(3), true);
  }
  EXPECT_EQ(questions_, 4);
}

TEST_F(ProgressLookTest, all_below_an_end_is_stored_once_a_proven_position_has_reached_it) {
  EXPECT_TRUE(ProgressLook(sources_).has_stored(3, 5));
  EXPECT_FALSE(ProgressLook(sources_).has_stored(3, 6));
  EXPECT_FALSE(ProgressLook(sources_).has_stored(4, 1));
  proof_ = false;
  EXPECT_FALSE(ProgressLook(sources_).has_stored(3, 5));
  proof_ = std::nullopt;
  EXPECT_FALSE(ProgressLook(sources_).has_stored(3, 5));
}

TEST_F(ProgressLookTest, a_position_that_is_too_low_is_not_asked_to_be_proven) {
  EXPECT_FALSE(ProgressLook(sources_).has_stored(3, 6));
  EXPECT_EQ(questions_, 1);
}

TEST_F(ProgressLookTest, nothing_is_stored_while_PostgreSQL_does_not_answer) {
  positions_.reset();
  ProgressLook look(sources_);
  EXPECT_EQ(look.positions(), nullptr);
  EXPECT_FALSE(look.has_stored(3, 0));
  EXPECT_EQ(look.proves(3), std::nullopt);
}

}  // namespace
}  // namespace chat::kafka
