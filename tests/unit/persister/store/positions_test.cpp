// Positions in a real PostgreSQL that came back with less than it had, or that others moved.
#include <utility>

#include "persister/pipeline/batch_work.hpp"
#include "tests/unit/persister/store/store_fixture.hpp"

namespace chat::persister {
namespace {

using test::make_row;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class PositionsTest : public test::StoreFixture {
 protected:
  StoredPosition position(std::int32_t partition = 0) { return store_->positions().positions.at(partition); }

  StoredPosition set(std::optional<StoredPosition> from, StoredPosition to, std::int32_t partition = 0) {
    const std::vector<Reset> resets{{partition, from, to}};
    EXPECT_FALSE(store_->reset(resets));
    return position(partition);
  }

  StoreOutcome advance(StoredPosition from, std::int64_t next_offset, std::int64_t hash = 11,
                       const std::vector<Row>& rows = {make_row(0, 1)}) {
    const std::vector<Advance> advances{{0, from, next_offset, hash}};
    return store_->store(rows, advances, {}, {});
  }
};

TEST_F(PositionsTest, AreRaisedTogetherWithWhatTheyKnowAgain) {
  const auto first = set(std::nullopt, {5, 0, 0, false});
  ASSERT_THAT(advance(first, 9, 77).behind, IsEmpty());
  EXPECT_EQ(position(), (StoredPosition{9, 77, first.generation, false}));
  ASSERT_THAT(advance(first, 7, 66).behind, IsEmpty()) << "a zombie, whose rows are there";
  EXPECT_EQ(position(), (StoredPosition{9, 77, first.generation, false})) << "which lowers nothing";
}

TEST_F(PositionsTest, KeepTheRecordThatWasProven) {
  const auto first = set(std::nullopt, {5, 0, 0, false});
  const std::vector<Advance> advances{{0, first, 9, 77, {7, 66}}};
  ASSERT_FALSE(store_->store({}, advances, {}, {}).failure);
  EXPECT_EQ(position().proven, (KnownRecord{7, 66}));
  const auto kept = position();
  EXPECT_EQ(set(kept, {9, 77, 0, true, kept.proven}).proven, kept.proven);
  EXPECT_EQ(set(position(), {}).proven, KnownRecord{}) << "which a new topic does not have";
}

TEST_F(PositionsTest, I1ATransactionThatBeganFromMoreThanThereIsStoresNothing) {
  auto known = set(std::nullopt, {5, 0, 0, false});
  known.next_offset = 20;
  const auto outcome = advance(known, 25);
  EXPECT_THAT(outcome.behind, ElementsAre(0));
  EXPECT_FALSE(outcome.failure);
  EXPECT_EQ(outcome.inserted, 0U);
  EXPECT_THAT(column("SELECT count(*) FROM messages"), ElementsAre("0"));
  EXPECT_EQ(position().next_offset, 5);
}

TEST_F(PositionsTest, I1ATransactionWhosePositionIsGoneStoresNothing) {
  const auto known = set(std::nullopt, {5, 0, 0, false});
  run("TRUNCATE positions");
  EXPECT_THAT(advance(known, 25).behind, ElementsAre(0));
  EXPECT_THAT(column("SELECT count(*) FROM messages"), ElementsAre("0"));
}

TEST_F(PositionsTest, I1ASplitBatchWhosePartIsLostMeanwhilePassesNothing) {
  const auto known = set(std::nullopt, {0, 0, 0, false});
  run("ALTER TABLE messages ADD CHECK (text <> 'poison')");
  Batch batch;
  for (const char* const text : {"a", "b", "poison", "c"})
    batch.rows.push_back(make_row(0, static_cast<std::int64_t>(batch.rows.size()), text));
  batch.reached[0] = {4, 77, 0, false};
  BatchWork work(std::move(batch));
  StoreOutcome outcome;
  for (bool is_lost = false; outcome.behind.empty() && work.next() != BatchWork::Step::commit;) {
    if (work.next() == BatchWork::Step::publish) {
      work.letter_published();
      continue;
    }
    std::vector<Advance> advances;
    for (const auto& [partition, position] : work.positions())
      advances.push_back({partition, known, position.next_offset, position.record_hash});
    outcome = store_->store(work.rows(), advances, work.dead_numbers(), work.earlier_rows());
    if (outcome.failure) {
      ASSERT_TRUE(work.refused(*outcome.failure));
    } else if (outcome.behind.empty()) {
      work.stored(outcome);
      // As a standby that is promoted now and had not got this commit, but all before it.
      if (!std::exchange(is_lost, true)) run("DELETE FROM messages");
    }
  }
  EXPECT_THAT(outcome.behind, ElementsAre(0)) << "rows 0 and 1 are lost, and nobody would read them again";
  EXPECT_TRUE(outcome.has_lost_rows);
  EXPECT_EQ(position().next_offset, 0);
}

TEST_F(PositionsTest, OnlyThePartitionsThatAreBehindAreNamed) {
  const auto first = set(std::nullopt, {5, 0, 0, false});
  auto second = set(std::nullopt, {5, 0, 0, false}, 1);
  second.next_offset = 6;
  const std::vector<Advance> advances{{0, first, 8, 1}, {1, second, 8, 1}};
  EXPECT_THAT(store_->store({}, advances, {}, {}).behind, ElementsAre(1));
  EXPECT_EQ(position(0).next_offset, 5) << "nothing is stored";
}

TEST_F(PositionsTest, AReadingFromBeforeAResetCannotRaiseWhatIsLowerNow) {
  const auto before = set(std::nullopt, {100, 7, 0, false});
  const auto after = set(before, {0, 0, 0, true});
  EXPECT_NE(after.generation, before.generation);
  EXPECT_EQ(after.next_offset, 0);
  EXPECT_TRUE(after.rooms_unchecked);
  auto zombie = before;
  zombie.next_offset = 0;
  EXPECT_THAT(advance(zombie, 120).behind, ElementsAre(0));
  EXPECT_THAT(advance(after, 3).behind, IsEmpty());
  EXPECT_EQ(position().next_offset, 3);
}

TEST_F(PositionsTest, AResetOfWhatAnotherHasMovedDoesNothing) {
  const auto seen = set(std::nullopt, {10, 0, 0, false});
  ASSERT_THAT(advance(seen, 12).behind, IsEmpty());
  EXPECT_EQ(set(seen, {0, 0, 0, true}).next_offset, 12);
  EXPECT_EQ(set(std::nullopt, {0, 0, 0, true}).next_offset, 12);
}

TEST_F(PositionsTest, RowsLostOnceStayMarkedUntilTheirRoomsAreChecked) {
  const auto lost = set(std::nullopt, {5, 0, 0, true});
  EXPECT_TRUE(set(lost, {0, 0, 0, false}).rooms_unchecked);
}

TEST_F(PositionsTest, EachTopicHasItsOwn) {
  set(std::nullopt, {5, 0, 0, false});
  PostgresStore other(*database_, "OTHER");
  EXPECT_THAT(other.positions().positions, IsEmpty());
  const std::vector<Reset> resets{{0, std::nullopt, {9, 0, 0, false}}};
  ASSERT_FALSE(other.reset(resets));
  EXPECT_EQ(other.positions().positions.at(0).next_offset, 9);
  EXPECT_EQ(position().next_offset, 5);
}

TEST_F(PositionsTest, ARowOfTheReleaseBeforeIsTakenOverByTheTopicThatAsksFirst) {
  run("INSERT INTO positions (partition, next_offset) VALUES (0, 42)");
  const auto found = position();
  EXPECT_EQ(found, (StoredPosition{42, 0, 0, false}));
  const auto taken = set(found, found);
  EXPECT_EQ(taken.next_offset, 42);
  EXPECT_NE(taken.generation, 0);
  EXPECT_THAT(column("SELECT topic FROM positions"), ElementsAre("MESSAGES"));
}

TEST_F(PositionsTest, TheServerSaysWhichOneItIs) {
  EXPECT_THAT(store_->positions().server, ::testing::MatchesRegex("timeline [0-9A-F]{8} of system [0-9]+"));
}

}  // namespace
}  // namespace chat::persister
