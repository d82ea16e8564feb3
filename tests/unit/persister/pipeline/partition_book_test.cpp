#include "persister/pipeline/partition_book.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chat::persister {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Records = std::map<std::int32_t, KnownRecord>;

constexpr std::int64_t generation = 7;

StoredPosition at(std::int64_t next_offset) {
  return {next_offset, next_offset * 10, generation, false};
}

Records record_before(std::int64_t next_offset) {
  return {{0, {next_offset, next_offset * 10}}};
}

class PartitionBookTest : public ::testing::Test {
 protected:
  PartitionBookTest() {
    book_.assign({0, 1});
    begin(0, 5);
  }

  void begin(std::int32_t partition, std::int64_t next_offset, StartCause cause = StartCause::as_before,
             KnownRecord proven = {}) {
    Start start;
    start.cause = cause;
    start.position = at(next_offset);
    start.position.proven = proven;
    start.read_from = next_offset;
    book_.begin(partition, start, start.position);
  }

  void store_up_to(std::int64_t next_offset) { book_.committed(book_.advances({{0, at(next_offset)}})); }

  PartitionBook book_;
};

TEST_F(PartitionBookTest, APositionIsComparedThatWasNotedBeforeTheLastAudit) {
  store_up_to(8);
  EXPECT_EQ(book_.begin_audit(), record_before(5)) << "a partition that waits is not compared";
  store_up_to(9);
  EXPECT_THAT(book_.end_audit({{0, true}}), IsEmpty());
  EXPECT_EQ(book_.begin_audit(), record_before(8));
  EXPECT_THAT(book_.end_audit({}), IsEmpty());
  EXPECT_EQ(book_.begin_audit(), record_before(8)) << "no answer proves nothing";
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
  EXPECT_EQ(book_.begin_audit(), record_before(3));
}

TEST_F(PartitionBookTest, ATransactionNotesTheRecordThatIsProven) {
  const auto noted = [&](std::int64_t next_offset) {
    return book_.advances({{0, at(next_offset)}}).at(0).proven;
  };
  EXPECT_EQ(noted(8), (KnownRecord{5, 50}));
  begin(0, 0, StartCause::other_topic);
  EXPECT_EQ(noted(3), (KnownRecord{3, 30})) << "where none is known it is the new one";
}

TEST_F(PartitionBookTest, TheRecordThatAFormerOwnerNotedIsTheFirstThatIsCompared) {
  book_.assign({0});
  begin(0, 9, StartCause::as_before, {4, 40});
  EXPECT_EQ(book_.begin_audit(), record_before(4));
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
  EXPECT_EQ(book_.begin_audit(), record_before(5)) << "at 8 there may be another topic's record";
}

class StoredPartitionTest : public testing::Test {
 protected:
  StoredPartitionTest() {
    book_.assign({0});
    Start start;
    start.read_from = 10;
    start.position = {10, 0, 1};
    book_.begin(0, start, start.position);
  }

  std::vector<Advance> advances_to(std::int64_t next_offset) { return book_.advances({{0, {next_offset}}}); }

  PartitionBook book_;
};

TEST_F(StoredPartitionTest, has_stored_what_a_transaction_committed) {
  EXPECT_TRUE(book_.has_stored({0, 10}));
  EXPECT_FALSE(book_.has_stored({0, 12}));
  book_.committed(advances_to(12));
  EXPECT_TRUE(book_.has_stored({0, 12}));
  EXPECT_FALSE(book_.has_stored({1, 1})) << "nothing is known of it";
}

TEST_F(StoredPartitionTest, begins_each_transaction_from_the_last_position) {
  book_.committed(advances_to(12));
  const auto advances = advances_to(15);
  ASSERT_EQ(advances.size(), 1u);
  EXPECT_EQ(advances[0].from.next_offset, 12);
  EXPECT_EQ(advances[0].from.generation, 1);
}

using StoredPartitionDeathTest = StoredPartitionTest;

TEST_F(StoredPartitionDeathTest, a_batch_reaches_further_than_the_position) {
  EXPECT_DEATH(advances_to(10), "");
}

}  // namespace
}  // namespace chat::persister
