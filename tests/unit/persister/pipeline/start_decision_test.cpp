#include "persister/pipeline/start_decision.hpp"

#include <gtest/gtest.h>

namespace chat::persister {
namespace {

using Commit = SourceLog::Commit;

constexpr std::int64_t hash = 99;

SourceLog log(std::int64_t start, std::int64_t end, std::optional<Commit> commit = std::nullopt) {
  return {start, end, commit};
}

StoredPosition row(std::int64_t next_offset, std::int64_t record = hash) {
  return {next_offset, record, 7, false};
}

KnownPartition stored_up_to(std::int64_t next_offset, std::int64_t generation = 7) {
  return {StoredPosition{next_offset, hash, generation, false}, false};
}

TEST(DecideStart, WhatNobodyHasReadBeginsWithTheFirstRecordThatThereIs) {
  const auto start = decide_start(std::nullopt, log(30, 50), {});
  EXPECT_EQ(start.cause, StartCause::first);
  EXPECT_EQ(start.read_from, 30);
  EXPECT_EQ(start.began, 30);
  EXPECT_TRUE(start.needs_reset);
  EXPECT_FALSE(start.position.rooms_unchecked);
  EXPECT_EQ(start.lost_to, start.lost_from) << "what expired before was nobody's";
}

TEST(DecideStart, GoesOnWhereAnotherProgramStopped) {
  const auto start = decide_start(std::nullopt, log(0, 50, Commit{20, std::nullopt}), {});
  EXPECT_EQ(start.cause, StartCause::other_program);
  EXPECT_EQ(start.read_from, 20);
  EXPECT_EQ(start.began, 20);
  EXPECT_FALSE(start.position.rooms_unchecked);
}

TEST(DecideStart, ACommitOfAnotherProgramThatIsAboveTheEndIsOfAnotherTopic) {
  EXPECT_EQ(decide_start(std::nullopt, log(0, 50, Commit{60, std::nullopt}), {}).read_from, 0);
}

TEST(DecideStart, ThePositionDecidesAndNotTheCommit) {
  for (const std::int64_t committed : {3, 20}) {
    const auto start = decide_start(row(20), log(0, 50, Commit{committed, 0}), {});
    EXPECT_EQ(start.cause, StartCause::as_before);
    EXPECT_TRUE(start.verifies);
    EXPECT_EQ(start.read_from, 19) << "the record that the position knows again";
    EXPECT_FALSE(start.needs_reset);
    EXPECT_EQ(start.position, row(20));
  }
}

TEST(DecideStart, ARecordThatIsNotKnownOrNotThereIsNotCompared) {
  EXPECT_EQ(decide_start(row(20, unknown_record), log(0, 50), {}).read_from, 20);
  EXPECT_FALSE(decide_start(row(20, unknown_record), log(0, 50), {}).verifies);
  EXPECT_EQ(decide_start(row(20), log(20, 50), {}).read_from, 20);
  EXPECT_FALSE(decide_start(row(20), log(20, 50), {}).verifies);
  EXPECT_EQ(decide_start(row(0), log(0, 50), {}).read_from, 0);
}

TEST(DecideStart, I1OwnCommitAboveThePositionSaysThatRowsWereLost) {
  const auto start = decide_start(row(20), log(0, 50, Commit{35, 0}), {});
  EXPECT_EQ(start.cause, StartCause::behind);
  EXPECT_EQ(start.read_from, 19);
  EXPECT_TRUE(start.verifies);
  EXPECT_TRUE(start.needs_reset);
  EXPECT_EQ(start.position.next_offset, 20);
  EXPECT_TRUE(start.position.rooms_unchecked);
}

TEST(DecideStart, I1LessThanThisProcessHasStoredSaysSoToo) {
  EXPECT_EQ(decide_start(row(20), log(0, 50), stored_up_to(30)).cause, StartCause::behind);
  EXPECT_EQ(decide_start(row(20), log(0, 50), stored_up_to(20)).cause, StartCause::as_before);
  EXPECT_EQ(decide_start(row(20), log(0, 50), stored_up_to(30, 6)).cause, StartCause::as_before)
      << "another persister has set it anew";
}

TEST(DecideStart, I1RowsThatAreGoneSayItWhereThePositionDoesNot) {
  KnownPartition known = stored_up_to(20);
  known.has_lost_rows = true;
  const auto start = decide_start(row(20), log(0, 50), known);
  EXPECT_EQ(start.cause, StartCause::behind);
  EXPECT_EQ(start.position.next_offset, 20);
  EXPECT_TRUE(start.position.rooms_unchecked);
}

TEST(DecideStart, I1WhereAllIsGoneAllIsReadAgainFromWhereReadingOnceBegan) {
  const auto by_commit = decide_start(std::nullopt, log(0, 50, Commit{35, 10}), {});
  EXPECT_EQ(by_commit.cause, StartCause::emptied);
  EXPECT_EQ(by_commit.read_from, 10) << "what the system before had stored is not read again";
  EXPECT_EQ(by_commit.began, 10);
  EXPECT_TRUE(by_commit.position.rooms_unchecked);
  EXPECT_EQ(by_commit.lost_to, by_commit.lost_from);
  const auto by_memory = decide_start(std::nullopt, log(0, 50), stored_up_to(30));
  EXPECT_EQ(by_memory.cause, StartCause::emptied);
  EXPECT_EQ(by_memory.read_from, 0);
}

TEST(DecideStart, I1WhatKafkaNoLongerHasIsSaid) {
  const auto behind = decide_start(row(20), log(32, 50), {});
  EXPECT_EQ(behind.cause, StartCause::expired);
  EXPECT_EQ(behind.read_from, 32);
  EXPECT_EQ(behind.lost_from, 20);
  EXPECT_EQ(behind.lost_to, 32);
  EXPECT_EQ(behind.position.next_offset, 32) << "else nothing would be proven before the next record";
  EXPECT_TRUE(behind.position.rooms_unchecked);
  const auto emptied = decide_start(std::nullopt, log(32, 50, Commit{40, 5}), {});
  EXPECT_EQ(emptied.lost_from, 5);
  EXPECT_EQ(emptied.lost_to, 32);
}

TEST(DecideStart, I1APositionAboveTheEndIsOfAnotherTopic) {
  const auto start = decide_start(row(60), log(0, 50), {});
  EXPECT_EQ(start.cause, StartCause::other_topic);
  EXPECT_EQ(start.read_from, 0);
  EXPECT_TRUE(start.needs_reset);
  EXPECT_FALSE(start.verifies);
}

TEST(DecideStart, I1ARecordThatIsNotTheOneOfThePositionIsOfAnotherTopic) {
  const auto start = decide_start(row(20), log(0, 50, Commit{20, 0}), {stored_up_to(20).stored, true});
  EXPECT_EQ(start.cause, StartCause::other_topic);
  EXPECT_EQ(start.read_from, 0);
}

TEST(DecideStart, RoomsAreComparedWhereRecordsOfTheOtherTopicWereSkipped) {
  KnownPartition known{stored_up_to(20).stored, true, false};
  EXPECT_FALSE(decide_start(row(20), log(0, 50), known).position.rooms_unchecked);
  known.has_skipped = true;
  const auto start = decide_start(row(20), log(0, 50), known);
  EXPECT_EQ(start.cause, StartCause::other_topic);
  EXPECT_EQ(start.read_from, 0);
  EXPECT_TRUE(start.position.rooms_unchecked);
}

TEST(DecideStart, APositionWithoutATopicIsTakenOverAsItIs) {
  const auto start =
      decide_start(StoredPosition{20, unknown_record, 0, false}, log(0, 50, Commit{20, {}}), {});
  EXPECT_EQ(start.cause, StartCause::taken_over);
  EXPECT_EQ(start.read_from, 20);
  EXPECT_TRUE(start.needs_reset);
  EXPECT_EQ(start.position.next_offset, 20);
}

}  // namespace
}  // namespace chat::persister
