#include "persister/pipeline/batch_work.hpp"

#include <cmath>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/persister/records.hpp"

namespace chat::persister {
namespace {

using Step = BatchWork::Step;
using postgres::Response;

const postgres::Failure refusal{Response::poison, "23514", "refused"};

Batch batch_of(std::int64_t rows, std::int32_t partitions = 1) {
  Batch batch;
  for (std::int64_t i = 0; i < rows; ++i) {
    const auto partition = static_cast<std::int32_t>(i % partitions);
    batch.rows.push_back(test::make_row(partition, i));
    batch.reached[partition].next_offset = i + 1;
  }
  return batch;
}

/// Plays the store that refuses these offsets; gives the transactions it took, or 0 at the alarm.
int isolate(BatchWork& work, const std::set<std::int64_t>& poison, std::set<std::int64_t>& stored) {
  int transactions = 0;
  while (work.next() == Step::store) {
    ++transactions;
    const auto rows = work.rows();
    const bool is_refused =
        std::ranges::any_of(rows, [&](const Row& r) { return poison.contains(r.record.offset); });
    if (is_refused) {
      if (!work.refused(refusal)) return 0;
      continue;
    }
    for (const auto& row : rows) stored.insert(row.record.offset);
    work.stored({});
  }
  return transactions;
}

TEST(BatchWork, StoresAllWithThePositionsInOneTransaction) {
  BatchWork work(batch_of(5));
  ASSERT_EQ(work.next(), Step::store);
  EXPECT_EQ(work.rows().size(), 5u);
  EXPECT_EQ(work.positions().at(0).next_offset, 5);
  work.stored({});
  EXPECT_EQ(work.next(), Step::commit);
  EXPECT_EQ(work.offsets().at(0).next_offset, 5);
}

TEST(BatchWork, IsolatesEachPoisonRowWhereverItStands) {
  for (std::int64_t index = 0; index < 64; ++index) {
    BatchWork work(batch_of(64));
    std::set<std::int64_t> stored;
    const int transactions = isolate(work, {index}, stored);
    EXPECT_EQ(stored.size(), 63u);
    EXPECT_LE(transactions, 2 * 6 + 2) << "two a halving, the first, and the last row without the positions";
    ASSERT_EQ(work.next(), Step::publish);
    EXPECT_EQ(work.letter().record.offset, index);
    EXPECT_EQ(work.letter().cause, DeadLetterCause::refused);
    work.letter_published();
    ASSERT_EQ(work.next(), Step::store) << "the positions pass only after the letter";
    EXPECT_TRUE(work.rows().empty());
    EXPECT_EQ(work.positions().size(), 1u);
    work.stored({});
    EXPECT_EQ(work.next(), Step::commit);
  }
}

TEST(BatchWork, I1ThePositionsGoWithTheKeysOfTheRowsThatEarlierTransactionsStored) {
  BatchWork work(batch_of(4, 2));
  EXPECT_TRUE(work.earlier_rows().empty()) << "a batch in one transaction has none";
  ASSERT_TRUE(work.refused(refusal));
  const Row first = work.rows().front();
  EXPECT_TRUE(work.earlier_rows().empty());
  work.stored({});
  ASSERT_FALSE(work.positions().empty());
  ASSERT_EQ(work.earlier_rows().size(), 2u);
  EXPECT_EQ(work.earlier_rows().front().partition, 0);
  EXPECT_EQ(work.earlier_rows().front().room, first.message.room);
  EXPECT_EQ(work.earlier_rows().front().id, first.message.id);
  const std::vector<std::int32_t> revoked{0};
  work.drop(revoked);
  EXPECT_EQ(work.earlier_rows().size(), 1u);
}

TEST(BatchWork, StoresNoPositionWhileARowBeforeItIsOpen) {
  BatchWork work(batch_of(8));
  ASSERT_TRUE(work.refused(refusal));
  EXPECT_EQ(work.rows().size(), 4u);
  EXPECT_TRUE(work.positions().empty());
  work.stored({});
  EXPECT_FALSE(work.positions().empty()) << "with the last part";
}

TEST(BatchWork, DoesNotTakeARowForPoisonWhereThePositionsAreRefused) {
  BatchWork work(batch_of(1));
  ASSERT_FALSE(work.positions().empty());
  ASSERT_TRUE(work.refused(refusal));
  EXPECT_EQ(work.rows().size(), 1u);
  EXPECT_TRUE(work.positions().empty());
  work.stored({});
  EXPECT_TRUE(work.rows().empty());
  EXPECT_FALSE(work.positions().empty());
  EXPECT_FALSE(work.refused(refusal)) << "a person has to act";
}

TEST(BatchWork, RaisesTheAlarmWhereMoreThanHalfIsRefused) {
  std::set<std::int64_t> poison;
  for (std::int64_t i = 0; i < 21; ++i) poison.insert(i * 40 / 21);
  BatchWork work(batch_of(40));
  std::set<std::int64_t> stored;
  EXPECT_EQ(isolate(work, poison, stored), 0);
  EXPECT_EQ(work.held() + stored.size(), 40u) << "all that is not stored is held";
  EXPECT_GT(isolate(work, {}, stored), 0) << "a person has acted";
  EXPECT_EQ(stored.size(), 40u);
}

TEST(BatchWork, DiscardsHalfOfABatchButNotMore) {
  std::set<std::int64_t> poison;
  for (std::int64_t i = 0; i < 20; ++i) poison.insert(i * 2);
  BatchWork work(batch_of(40));
  std::set<std::int64_t> stored;
  EXPECT_GT(isolate(work, poison, stored), 0);
  EXPECT_EQ(stored.size(), 20u);
}

TEST(BatchWork, CountsTheRunOfMostlyRefusedBatches) {
  std::set<std::int64_t> stored;
  BatchWork few(batch_of(3), 5);
  isolate(few, {0, 1}, stored);
  EXPECT_EQ(few.poison_run(), 7u);
  BatchWork fine(batch_of(3), 5);
  isolate(fine, {0}, stored);
  EXPECT_EQ(fine.poison_run(), 0u);
  BatchWork tenth(batch_of(1), 9);
  EXPECT_EQ(isolate(tenth, {0}, stored), 0);
}

TEST(BatchWork, MakesLettersOfReusedIds) {
  BatchWork work(batch_of(4));
  StoreOutcome outcome;
  outcome.reused = {1, 3};
  work.stored(outcome);
  ASSERT_EQ(work.next(), Step::publish);
  EXPECT_EQ(work.letter().record.offset, 1);
  EXPECT_EQ(work.letter().cause, DeadLetterCause::id_reused);
  work.letter_published();
  EXPECT_EQ(work.letter().record.offset, 3);
  work.letter_published();
  EXPECT_EQ(work.next(), Step::commit);
}

TEST(BatchWork, GivesTheNumbersOfARefusedRowWithThePositions) {
  BatchWork work(batch_of(2));
  std::set<std::int64_t> stored;
  isolate(work, {0}, stored);
  EXPECT_EQ(work.next(), Step::publish);
  work.letter_published();
  ASSERT_EQ(work.next(), Step::store);
  EXPECT_EQ(work.positions().size(), 1u);
  ASSERT_EQ(work.dead_numbers().size(), 1u);
  EXPECT_EQ(work.dead_numbers()[0].room, "general");
  const auto resolved = work.stored({});
  ASSERT_EQ(resolved.size(), 1u);
  EXPECT_EQ(resolved[0].voids.size(), 1u);
  EXPECT_TRUE(resolved[0].stored.empty());
}

TEST(BatchWork, DropsAPartitionInTheMiddleOfIsolation) {
  BatchWork work(batch_of(16, 2));
  ASSERT_TRUE(work.refused(refusal));
  ASSERT_TRUE(work.refused(refusal));
  work.drop(std::vector<std::int32_t>{0});
  EXPECT_EQ(work.held(), 8u);
  std::set<std::int64_t> stored;
  isolate(work, {}, stored);
  for (const auto offset : stored) EXPECT_EQ(offset % 2, 1);
  ASSERT_EQ(work.offsets().size(), 1u);
  EXPECT_EQ(work.offsets()[0].partition, 1);
}

TEST(BatchWork, HasNothingLeftToCommitWhereAllIsDropped) {
  BatchWork work(batch_of(4));
  work.drop(std::vector<std::int32_t>{0});
  EXPECT_EQ(work.next(), Step::commit);
  EXPECT_TRUE(work.offsets().empty());
}

TEST(BatchWorkDeathTest, CountsNothingAsStoredWhereTheTransactionFailed) {
  BatchWork work(batch_of(4));
  StoreOutcome outcome;
  outcome.failure = refusal;
  EXPECT_DEATH(work.stored(outcome), "");
}

}  // namespace
}  // namespace chat::persister
