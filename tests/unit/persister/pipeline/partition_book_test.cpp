#include "persister/pipeline/partition_book.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chat::persister {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Positions = std::map<std::int32_t, StoredPosition>;

constexpr std::int64_t generation = 7;

StoredPosition at(std::int64_t next_offset) {
  return {next_offset, next_offset * 10, generation, false};
}

class PartitionBookTest : public ::testing::Test {
 protected:
  PartitionBookTest() {
    book_.assign({0, 1});
    begin(0, 5);
  }

  void begin(std::int32_t partition, std::int64_t next_offset, StartCause cause = StartCause::as_before) {
    Start start;
    start.cause = cause;
    start.position = at(next_offset);
    start.read_from = next_offset;
    book_.begin(partition, start, start.position);
  }

  void store_up_to(std::int64_t next_offset) { book_.committed(book_.advances({{0, at(next_offset)}})); }

  PartitionBook book_;
};

TEST_F(PartitionBookTest, APositionIsComparedThatWasNotedBeforeTheLastAudit) {
  store_up_to(8);
  EXPECT_EQ(book_.begin_audit(), (Positions{{0, at(5)}})) << "a partition that waits is not compared";
  store_up_to(9);
  EXPECT_THAT(book_.end_audit({{0, true}}), IsEmpty());
  EXPECT_EQ(book_.begin_audit(), (Positions{{0, at(8)}}));
  EXPECT_THAT(book_.end_audit({}), IsEmpty());
  EXPECT_EQ(book_.begin_audit(), (Positions{{0, at(8)}})) << "no answer proves nothing";
}

TEST_F(PartitionBookTest, AnotherTopicMakesThePartitionWaitForItsStart) {
  book_.begin_audit();
  EXPECT_THAT(book_.end_audit({{0, false}}), ElementsAre(0));
  EXPECT_TRUE(book_.known(0).is_other_topic);
  EXPECT_TRUE(book_.known(0).has_skipped);
  EXPECT_THAT(book_.due({}), ElementsAre(0, 1));
  begin(0, 0, StartCause::other_topic);
  EXPECT_FALSE(book_.known(0).is_other_topic);
  EXPECT_FALSE(book_.known(0).has_skipped);
}

TEST_F(PartitionBookTest, TheFirstPositionThatKnowsARecordIsTheFirstThatIsCompared) {
  begin(0, 0, StartCause::other_topic);
  EXPECT_THAT(book_.begin_audit(), IsEmpty()) << "it proves nothing";
  store_up_to(3);
  store_up_to(9);
  EXPECT_THAT(book_.end_audit({}), IsEmpty());
  EXPECT_EQ(book_.begin_audit(), (Positions{{0, at(3)}}));
}

TEST_F(PartitionBookTest, AnAnswerAboutAReadingThatIsOverCountsForNothing) {
  book_.begin_audit();
  begin(0, 0, StartCause::other_topic);
  EXPECT_THAT(book_.end_audit({{0, false}}), IsEmpty());
  book_.begin_audit();
  book_.revoke({0});
  EXPECT_THAT(book_.end_audit({{0, false}}), IsEmpty());
}

TEST_F(PartitionBookTest, AReadingThatBeginsAgainInTheSameTopicKeepsWhatIsProven) {
  store_up_to(8);
  book_.doubt(0);
  begin(0, 8);
  EXPECT_EQ(book_.begin_audit(), (Positions{{0, at(5)}})) << "at 8 there may be another topic's record";
}

}  // namespace
}  // namespace chat::persister
