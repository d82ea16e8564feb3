#include "persister/pipeline/pipeline.hpp"

#include "tests/unit/persister/pipeline/pipeline_fixture.hpp"

namespace chat::persister {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class PipelineTest : public test::PipelineFixture {};

TEST_F(PipelineTest, StoresABatchAndThenCommitsItsOffsets) {
  send(0, 4, "a");
  send(1, 7, "b");
  send(0, 5, "c");
  ASSERT_TRUE(turn_until_committed(0, 6));
  EXPECT_THAT(events_, ElementsAre("store 3", "commit 0:6 1:8"));
  EXPECT_EQ(store_.position(0), 6);
  EXPECT_EQ(store_.position(1), 8);
}

TEST_F(PipelineTest, StoresAtTheLatestWhenTheOldestRecordReachesItsAge) {
  const auto begin = clock_.now();
  send(0, 1, "a");
  ASSERT_TRUE(turn_until_committed(0, 2));
  EXPECT_EQ(time_since(begin), settings_.batch.age);
}

TEST_F(PipelineTest, MeasuresABatchByItsFirstRecord) {
  send(0, 1, "a");
  source_.records.back().timestamp =
      std::chrono::duration_cast<milliseconds>((clock_.wall_time() - seconds{7}).time_since_epoch()).count();
  send(0, 2, "b");
  ASSERT_TRUE(turn_until_committed(0, 3));
  const auto stage = persister_metrics_.store_seconds.Collect().histogram;
  EXPECT_EQ(stage.sample_count, 1U);
  EXPECT_NEAR(stage.sample_sum, std::chrono::duration<double>(settings_.batch.age).count(), 0.02);
  const auto age = persister_metrics_.record_age_seconds.Collect().histogram;
  EXPECT_EQ(age.sample_count, 1U);
  EXPECT_NEAR(age.sample_sum, 7 + stage.sample_sum, 0.01);
}

TEST_F(PipelineTest, I7CommitsNoOffsetBeforeTheRowIsStored) {
  bool works = false;
  store_.fail = [&](auto) {
    EXPECT_THAT(source_.committed, IsEmpty());
    return works ? std::nullopt : std::optional(test::failure_of(postgres::Response::pause));
  };
  send(0, 1, "a");
  ASSERT_TRUE(turn_until([&] { return store_.calls == 3; }));
  EXPECT_THAT(source_.committed, IsEmpty());
  works = true;
  ASSERT_TRUE(turn_until_committed(0, 2));
  EXPECT_THAT(store_.stored_texts(), ElementsAre("a"));
}

TEST_F(PipelineTest, I1GoesOnBehindWhatIsStoredThoughItsOffsetsWereNotCommitted) {
  const auto first = test::make_record(0, 1, "a");
  source_.records = {first};
  ASSERT_TRUE(turn_until_committed(0, 2));
  // Killed between the transaction and the commit of the offsets.
  begin_process();
  EXPECT_TRUE(turn_until([&] { return source_.read_positions.at(0).offset == 1; }));
  source_.records = {first, test::make_record(0, 2, "b")};
  ASSERT_TRUE(turn_until_committed(0, 3));
  EXPECT_THAT(store_.stored_texts(), ElementsAre("a", "b"));
  EXPECT_EQ(persister_metrics_.duplicates.Value(), 0);
}

TEST_F(PipelineTest, I1ReplaysWhatIsStoredAlreadyWithoutADuplicate) {
  const auto first = test::make_record(0, 1, "a");
  const auto second = test::make_record(0, 2, "b");
  source_.records = {first, second};
  ASSERT_TRUE(turn_until_committed(0, 3));
  // The rows are there, but their position is not: both are read again.
  store_.table.at(0) = {1, unknown_record, 7, false};
  begin_process();
  source_.records = {first, second};
  source_.committed.clear();
  ASSERT_TRUE(turn_until_committed(0, 3));
  EXPECT_THAT(store_.stored_texts(), ElementsAre("a", "b"));
  EXPECT_THAT(dead_letters_.letters, IsEmpty());
  EXPECT_EQ(persister_metrics_.duplicates.Value(), 2);
}

TEST_F(PipelineTest, SendsWhatIsNotARecordToTheDeadLettersBeforeItsOffsetPasses) {
  send(0, 1, "a");
  send_garbage(0, 2);
  send(0, 3, "b");
  ASSERT_TRUE(turn_until_committed(0, 4));
  EXPECT_THAT(events_, ElementsAre("dead letter 2", "store 2", "commit 0:4"));
  EXPECT_EQ(dead_letters_.letters.at(0).record.value, "{not json");
  EXPECT_EQ(dead_letters_.letters.at(0).reason, "the value is not JSON");
}

TEST_F(PipelineTest, PassesABatchOfDeadLettersOnly) {
  for (int i = 0; i < 50; ++i) send_garbage(0, i);
  ASSERT_TRUE(turn_until_committed(0, 50));
  EXPECT_EQ(dead_letters_.letters.size(), 50u);
  EXPECT_EQ(store_.position(0), 50);
}

TEST_F(PipelineTest, WaitsForADeadLettersReportBeforeItsOffsetPasses) {
  dead_letters_.refusals = 3;
  send_garbage(0, 1);
  ASSERT_TRUE(turn_until([&] { return dead_letters_.refusals == 0; }));
  EXPECT_THAT(source_.committed, IsEmpty());
  EXPECT_FALSE(status_.dead_letters_ok);
  ASSERT_TRUE(turn_until_committed(0, 2));
  EXPECT_TRUE(status_.dead_letters_ok);
  EXPECT_FALSE(source_.is_paused);
  EXPECT_EQ(dead_letters_.letters.size(), 1u);
}

TEST_F(PipelineTest, SendsAReusedIdToTheDeadLettersAndStoresItsNeighbours) {
  const auto first = test::make_message("first");
  auto reused = first;
  reused.text = "second";
  source_.records = {test::make_record(first, 0, 1), test::make_record(reused, 0, 2),
                     test::make_record(0, 3, "third")};
  ASSERT_TRUE(turn_until_committed(0, 4));
  EXPECT_THAT(store_.stored_texts(), ElementsAre("first", "third"));
  EXPECT_THAT(events_, ElementsAre("store 3", "dead letter 2", "commit 0:4"));
  EXPECT_EQ(dead_letters_.letters.at(0).reason, "the id is stored with another text");
}

TEST_F(PipelineTest, DropsTheRecordsOfARevokedPartitionAndCommitsWhatIsStored) {
  send(0, 1, "a");
  ASSERT_TRUE(turn_until_committed(0, 2));
  events_.clear();
  send(0, 2, "not stored yet");
  send(1, 1, "of another partition");
  pipeline_->turn();
  pipeline_->turn();
  source_.on_poll = [&] { pipeline_->on_revoked({0}); };
  ASSERT_TRUE(turn_until_committed(1, 2));
  EXPECT_THAT(events_, ElementsAre("commit and wait 0:2", "store 1", "commit 1:2"));
  EXPECT_THAT(store_.stored_texts(), ElementsAre("a", "of another partition"));
  EXPECT_FALSE(store_.position(0) > 2) << "nor its position";
}

TEST_F(PipelineTest, KnowsWhichPartitionsItOwns) {
  pipeline_->on_assigned({0, 2, 3});
  EXPECT_THAT(owned_.snapshot(), ElementsAre(0, 2, 3));
  pipeline_->on_revoked({2});
  EXPECT_THAT(owned_.snapshot(), ElementsAre(0, 3));
  pipeline_->on_assigned({1});
  EXPECT_THAT(owned_.snapshot(), ElementsAre(1));
}

TEST_F(PipelineTest, FinishesTheBatchInHandAndLeavesTheGroup) {
  send(0, 1, "a");
  pipeline_->turn();
  ASSERT_THAT(events_, IsEmpty());
  pipeline_->finish();
  EXPECT_THAT(events_, ElementsAre("store 1", "commit 0:2", "commit and wait 0:2", "close"));
  EXPECT_EQ(status_.readiness().status, "draining");
}

TEST_F(PipelineTest, StopsWithinItsLimitAndLeavesTheRestInKafka) {
  send(0, 1, "a");
  pipeline_->turn();
  store_.fail = [&](auto) { return test::failure_of(postgres::Response::pause); };
  const auto begin = clock_.now();
  pipeline_->finish();
  EXPECT_LE(time_since(begin), settings_.stop_limit);
  EXPECT_THAT(source_.committed, IsEmpty());
  EXPECT_TRUE(happened("close"));
}

TEST_F(PipelineTest, IsReadyOnceItHasJoinedItsGroup) {
  PersisterStatus fresh;
  EXPECT_FALSE(fresh.readiness().ready);
  EXPECT_TRUE(status_.readiness().ready);
}

}  // namespace
}  // namespace chat::persister
