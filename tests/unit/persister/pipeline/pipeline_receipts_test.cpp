// What the pipeline tells the receipts, and when.
#include "persister/pipeline/pipeline.hpp"
#include "tests/unit/persister/pipeline/pipeline_fixture.hpp"

namespace chat::persister {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

class PipelineReceiptsTest : public test::PipelineFixture {};

TEST_F(PipelineReceiptsTest, TellsEachRoomsStoredNumbers) {
  send_to("a", 0, 1);
  send_to("b", 1, 1);
  send_to("a", 0, 2);
  ASSERT_TRUE(turn_until_committed(0, 3));
  EXPECT_THAT(receipts_.told, ElementsAre(Pair("a", " +1 +2"), Pair("b", " +1")));
}

TEST_F(PipelineReceiptsTest, I7TellsNothingBeforeTheRowsAreCommittedAndAllBeforeTheOffsets) {
  bool works = false;
  store_.fail = [&](auto) {
    EXPECT_THAT(receipts_.told, IsEmpty());
    return works ? std::nullopt : std::optional(test::failure_of(postgres::Response::pause));
  };
  receipts_.on_resolved = [&] {
    EXPECT_THAT(store_.stored_texts(), ElementsAre("hello"));
    EXPECT_EQ(store_.position(0), 2);
    EXPECT_THAT(source_.committed, IsEmpty());
    events_.emplace_back("told");
  };
  send_to("a", 0, 1);
  ASSERT_TRUE(turn_until([&] { return store_.calls == 3; }));
  works = true;
  ASSERT_TRUE(turn_until_committed(0, 2));
  EXPECT_TRUE(happened("told"));
}

TEST_F(PipelineReceiptsTest, TellsWhatWasStoredBeforeAgain) {
  send_to("a", 0, 1);
  const auto record = source_.records.front();
  ASSERT_TRUE(turn_until_committed(0, 2));
  store_.table.at(0) = {1, unknown_record, 7, false};
  begin_process();
  source_.records = {record};
  source_.committed.clear();
  ASSERT_TRUE(turn_until_committed(0, 2));
  EXPECT_THAT(receipts_.told, ElementsAre(Pair("a", " +1 +1")));
}

TEST_F(PipelineReceiptsTest, TellsTheNumberOfAReusedIdAsVoid) {
  send_to("a", 0, 1, "first");
  auto reused = *decode_record(source_.records.front().value);
  reused.text = "second";
  reused.cursor.seq = 2;
  source_.records.push_back(test::make_record(reused, 0, 2));
  send_to("a", 0, 3);
  ASSERT_TRUE(turn_until_committed(0, 4));
  EXPECT_THAT(receipts_.told, ElementsAre(Pair("a", " +1 +3 -2")));
}

TEST_F(PipelineReceiptsTest, NotesTheNumberOfARefusedRowWithThePositionsAndThenTellsItAsVoid) {
  store_.fail = test::refuse_texts({"poison"});
  for (std::int64_t offset = 1; offset <= 4; ++offset)
    send_to("a", 0, offset, offset == 2 ? "poison" : "fine");
  receipts_.on_resolved = [&] {
    EXPECT_EQ(store_.dead_seqs.empty(), store_.position(0) == 0) << "in one transaction";
  };
  ASSERT_TRUE(turn_until_committed(0, 5));
  EXPECT_THAT(receipts_.told, ElementsAre(Pair("a", " +1 +3 +4 -2")));
  EXPECT_THAT(store_.dead_seqs, ElementsAre(2));
  EXPECT_EQ(store_.position(0), 5);
}

TEST_F(PipelineReceiptsTest, TellsNoNumberOfARefusedRowBeforeItsDeadLetterIsWritten) {
  store_.fail = test::refuse_texts({"poison"});
  dead_letters_.refusals = 2;
  send_to("a", 0, 1, "poison");
  ASSERT_TRUE(turn_until([&] { return dead_letters_.refusals == 0; }));
  EXPECT_THAT(receipts_.told, IsEmpty());
  EXPECT_THAT(store_.dead_seqs, IsEmpty());
  ASSERT_TRUE(turn_until_committed(0, 2));
  EXPECT_THAT(receipts_.told, ElementsAre(Pair("a", " -1")));
}

TEST_F(PipelineReceiptsTest, NotesNoNumberOfAPartitionThatIsAnothersByThen) {
  store_.fail = test::refuse_texts({"poison"});
  dead_letters_.refusals = 1;
  send_to("a", 0, 1, "poison");
  send_to("b", 1, 1, "fine");
  ASSERT_TRUE(turn_until([&] { return dead_letters_.refusals == 0; }));
  source_.on_poll = [&] { pipeline_->on_revoked({0}); };
  ASSERT_TRUE(turn_until_committed(1, 2));
  EXPECT_THAT(store_.dead_seqs, IsEmpty());
  EXPECT_THAT(receipts_.told, ElementsAre(Pair("b", " +1")));
}

TEST_F(PipelineReceiptsTest, LetsTheReceiptsForgetRevokedPartitionsButNotAtTheEnd) {
  pipeline_->on_revoked({1});
  EXPECT_THAT(receipts_.forgotten, ElementsAre(1));
  pipeline_->finish();
  pipeline_->on_revoked({0});
  EXPECT_THAT(receipts_.forgotten, ElementsAre(1)) << "the last receipts are still on their way";
}

}  // namespace
}  // namespace chat::persister
