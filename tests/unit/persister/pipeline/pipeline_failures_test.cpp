#include "tests/unit/persister/pipeline/pipeline_fixture.hpp"

namespace chat::persister {
namespace {

using postgres::Response;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class PipelineFailuresTest : public test::PipelineFixture {
 protected:
  /// The store answers so for its next calls, then works.
  void fail_times(int times, Response response) {
    store_.fail = [this, times, response](auto) -> std::optional<postgres::Failure> {
      if (store_.calls > times) return std::nullopt;
      return test::failure_of(response);
    };
  }
};

TEST(PipelineSettingsTest, PausesFor60SecondsByDefault) {
  EXPECT_EQ(PipelineSettings{}.pause, seconds{60});
}

TEST_F(PipelineFailuresTest, PausesForItsTimeAndGoesOnByItselfWithTheBatchItHolds) {
  fail_times(1, Response::pause);
  send(0, 1, "a");
  ASSERT_TRUE(turn_until([&] { return source_.is_paused; }));
  const auto begin = clock_.now();
  EXPECT_EQ(persister_metrics_.paused.Value(), 1);
  EXPECT_THAT(status_.readiness().degraded, ElementsAre("postgres"));
  EXPECT_TRUE(status_.readiness().ready) << "a pause is its way to wait";
  ASSERT_TRUE(turn_until_committed(0, 2));
  EXPECT_GE(time_since(begin), seconds{60});
  EXPECT_LE(time_since(begin), seconds{61});
  EXPECT_THAT(events_, ElementsAre("store failed", "pause", "store 1", "commit 0:2", "resume"));
  EXPECT_EQ(persister_metrics_.paused.Value(), 0);
  EXPECT_THAT(status_.readiness().degraded, IsEmpty());
}

TEST_F(PipelineFailuresTest, PollsOnWhilePaused) {
  fail_times(1, Response::pause);
  send(0, 1, "a");
  ASSERT_TRUE(turn_until([&] { return source_.is_paused; }));
  const int polls_before = source_.polls;
  ASSERT_TRUE(turn_until_committed(0, 2));
  EXPECT_GE(source_.polls - polls_before, 600) << "at least every 100 ms";
}

TEST_F(PipelineFailuresTest, PausesAgainAsOftenAsNeededAndSkipsNothing) {
  fail_times(5, Response::pause);
  for (int i = 0; i < 30; ++i) send(0, i, "text " + std::to_string(i));
  ASSERT_TRUE(turn_until_committed(0, 30));
  EXPECT_EQ(store_.texts.size(), 30u);
  EXPECT_EQ(persister_metrics_.pauses.Value(), 5);
}

TEST_F(PipelineFailuresTest, KeepsARecordThatComesThoughTheSourceIsPaused) {
  fail_times(1, Response::pause);
  send(0, 1, "a");
  ASSERT_TRUE(turn_until([&] { return source_.is_paused; }));
  source_.is_paused = false;
  send(0, 2, "b");
  ASSERT_TRUE(turn_until_committed(0, 3));
  EXPECT_THAT(store_.stored_texts(), ElementsAre("a", "b"));
  EXPECT_EQ(persister_metrics_.read_while_paused.Value(), 1);
}

TEST_F(PipelineFailuresTest, RetriesADeadlockAtOnceWithoutAPause) {
  fail_times(3, Response::retry);
  send(0, 1, "a");
  ASSERT_TRUE(turn_until_committed(0, 2));
  EXPECT_THAT(events_, ElementsAre("store failed", "store failed", "store failed", "store 1", "commit 0:2"));
  EXPECT_EQ(persister_metrics_.pauses.Value(), 0);
}

TEST_F(PipelineFailuresTest, PausesWhereRetriesDoNotHelp) {
  store_.fail = [](auto) { return test::failure_of(Response::retry); };
  send(0, 1, "a");
  ASSERT_TRUE(turn_until([&] { return source_.is_paused; }));
  EXPECT_LE(store_.calls, 10);
}

TEST_F(PipelineFailuresTest, IsolatesOnePoisonRowAndStoresItsNeighbours) {
  store_.fail = test::refuse_texts({"poison"});
  for (int i = 0; i < 40; ++i) send(0, i, i == 17 ? "poison" : "text " + std::to_string(i));
  ASSERT_TRUE(turn_until_committed(0, 40));
  EXPECT_EQ(store_.texts.size(), 39u);
  ASSERT_EQ(dead_letters_.letters.size(), 1u);
  EXPECT_EQ(dead_letters_.letters[0].record.offset, 17);
  EXPECT_THAT(dead_letters_.letters[0].reason, ::testing::HasSubstr("23514"));
  EXPECT_EQ(persister_metrics_.pauses.Value(), 0) << "one row never stops the others";
  EXPECT_EQ(store_.position(0), 40);
}

TEST_F(PipelineFailuresTest, SendsALonePoisonRowToTheDeadLetters) {
  store_.fail = test::refuse_texts({"poison"});
  send(0, 1, "poison");
  ASSERT_TRUE(turn_until_committed(0, 2));
  EXPECT_THAT(events_, ElementsAre("store failed", "store failed", "dead letter 1", "store 0", "commit 0:2"));
}

TEST_F(PipelineFailuresTest, PausesWithAnAlarmInsteadOfDiscardingMostOfABatch) {
  bool broken = true;
  store_.fail = [&](std::span<const Row> rows) -> std::optional<postgres::Failure> {
    if (!broken || rows.empty()) return std::nullopt;
    return test::failure_of(Response::poison, "23514");
  };
  for (int i = 0; i < 40; ++i) send(0, i, "text " + std::to_string(i));
  ASSERT_TRUE(turn_until([&] { return persister_metrics_.alarms.Value() == 2; }));
  EXPECT_THAT(dead_letters_.letters, IsEmpty());
  EXPECT_THAT(source_.committed, IsEmpty());
  broken = false;  // a person has acted
  ASSERT_TRUE(turn_until_committed(0, 40));
  EXPECT_EQ(store_.texts.size(), 40u);
  EXPECT_THAT(dead_letters_.letters, IsEmpty());
}

TEST_F(PipelineFailuresTest, PausesWithAnAlarmAlsoWhereEveryBatchIsOnePoisonRow) {
  store_.fail = test::refuse_texts({"poison"});
  for (int i = 0; i < 30; ++i) {
    send(0, i, "poison");
    if (!turn_until([&] { return source_.committed[0] == i + 1 || persister_metrics_.alarms.Value() > 0; }))
      break;
  }
  EXPECT_EQ(persister_metrics_.alarms.Value(), 1);
  EXPECT_LT(dead_letters_.letters.size(), BatchWork::min_suspicious);
}

TEST_F(PipelineFailuresTest, PausesWithAnAlarmWhereTheSetUpIsWrong) {
  fail_times(1, Response::alarm);
  send(0, 1, "a");
  ASSERT_TRUE(turn_until_committed(0, 2));
  EXPECT_EQ(persister_metrics_.alarms.Value(), 1);
  EXPECT_THAT(dead_letters_.letters, IsEmpty());
}

TEST_F(PipelineFailuresTest, SaysWhatIsMissingAndWhatToDoWhilePaused) {
  store_.fail = [](auto) {
    return postgres::Failure{Response::alarm, "42501", "permission denied for table messages"};
  };
  send(0, 1, "a");
  ASSERT_TRUE(turn_until([&] { return source_.is_paused; }));
  ASSERT_EQ(readiness().causes.size(), 1u);
  EXPECT_EQ(readiness().causes[0].dependency, "postgres");
  EXPECT_EQ(readiness().causes[0].trouble.cause, "privilege");
  EXPECT_THAT(readiness().causes[0].trouble.reason,
              ::testing::HasSubstr("permission denied for table messages"));
  EXPECT_THAT(readiness().causes[0].trouble.remedy, ::testing::HasSubstr("SELECT, INSERT and UPDATE"));
  store_.fail = nullptr;
  ASSERT_TRUE(turn_until_committed(0, 2));
  EXPECT_THAT(readiness().causes, IsEmpty());
}

TEST_F(PipelineFailuresTest, RehearsesWhileNothingComesAndSaysWhatTheNextMessageWouldMeet) {
  status_.database_ok = true;
  store_.rehearsal = [] { return test::failure_of(Response::alarm, "53100"); };
  const auto begin = clock_.now();
  ASSERT_TRUE(turn_until([&] { return store_.rehearsals == 4; }));
  EXPECT_LE(time_since(begin), seconds{61});
  EXPECT_THAT(readiness().degraded, ElementsAre("postgres"));
  ASSERT_EQ(readiness().causes.size(), 1u);
  EXPECT_EQ(readiness().causes[0].trouble.cause, "no_space");
  EXPECT_EQ(persister_metrics_.alarms.Value(), 1) << "once, not at each try";
  EXPECT_FALSE(source_.is_paused) << "a message may be stored nevertheless";
  store_.rehearsal = nullptr;
  ASSERT_TRUE(turn_until([&] { return store_.rehearsals == 5; }));
  EXPECT_THAT(readiness().degraded, IsEmpty());
}

TEST_F(PipelineFailuresTest, DoesNotRehearseWhileMessagesAreStored) {
  for (int i = 0; i < 100; ++i) {
    send(0, i, "text");
    store_.duration = seconds{1};
    ASSERT_TRUE(turn_until_committed(0, i + 1));
  }
  EXPECT_EQ(store_.rehearsals, 0);
}

TEST_F(PipelineFailuresTest, ShowsItForItsTimeWhereTheDatabaseRefusedARow) {
  store_.fail = test::refuse_texts({"poison"});
  send(0, 1, "poison");
  ASSERT_TRUE(turn_until_committed(0, 2));
  const auto begin = clock_.now();
  EXPECT_TRUE(readiness().ready);
  EXPECT_THAT(readiness().degraded, ElementsAre("dead_letters"));
  ASSERT_EQ(readiness().causes.size(), 1u);
  EXPECT_EQ(readiness().causes[0].trouble.cause, "refused");
  EXPECT_THAT(readiness().causes[0].trouble.reason, ::testing::HasSubstr("23514"));
  EXPECT_THAT(readiness().causes[0].trouble.remedy, ::testing::HasSubstr("replay-dead"));
  ASSERT_TRUE(turn_until([&] { return readiness().degraded.empty(); }));
  EXPECT_GE(time_since(begin), settings_.dead_letter_alarm);
}

TEST_F(PipelineFailuresTest, GoesOnIsolatingAfterTheServerWentAwayInTheMiddle) {
  store_.fail = [&](std::span<const Row> rows) -> std::optional<postgres::Failure> {
    if (store_.calls == 4) return test::failure_of(Response::pause);
    return test::refuse_texts({"poison"})(rows);
  };
  for (int i = 0; i < 40; ++i) send(0, i, i == 17 ? "poison" : "text " + std::to_string(i));
  ASSERT_TRUE(turn_until_committed(0, 40));
  EXPECT_EQ(store_.texts.size(), 39u);
  EXPECT_EQ(dead_letters_.letters.size(), 1u);
  EXPECT_EQ(persister_metrics_.pauses.Value(), 1);
}

TEST_F(PipelineFailuresTest, PollsBetweenTheStepsOfALongIsolation) {
  store_.fail = test::refuse_texts({"poison 1", "poison 500", "poison 999"});
  store_.duration = milliseconds{300};
  for (int i = 0; i < 1000; ++i) {
    const bool is_poison = i == 1 || i == 500 || i == 999;
    send(0, i, (is_poison ? "poison " : "text ") + std::to_string(i));
  }
  ASSERT_TRUE(turn_until([&] { return store_.calls > 0; }));
  const int polls_before = source_.polls;
  ASSERT_TRUE(turn_until_committed(0, 1000));
  EXPECT_GT(source_.polls - polls_before, 4);
  EXPECT_EQ(dead_letters_.letters.size(), 3u);
  EXPECT_FALSE(source_.is_paused);
}

TEST_F(PipelineFailuresTest, DropsWhatItHoldsWhenItsPartitionIsRevokedWhilePaused) {
  fail_times(1, Response::pause);
  send(0, 1, "moves away");
  send(1, 1, "stays");
  ASSERT_TRUE(turn_until([&] { return source_.is_paused; }));
  source_.on_poll = [&] { pipeline_->on_revoked({0}); };
  ASSERT_TRUE(turn_until_committed(1, 2));
  EXPECT_THAT(store_.stored_texts(), ElementsAre("stays"));
  EXPECT_FALSE(source_.committed.contains(0));
  EXPECT_EQ(store_.position(0), 0);
}

TEST_F(PipelineFailuresTest, ReadsAgainWhatCameBackAfterARevocationWhilePaused) {
  fail_times(1, Response::pause);
  const auto record = test::make_record(0, 1, "comes back");
  source_.records = {record};
  ASSERT_TRUE(turn_until([&] { return source_.is_paused; }));
  source_.on_poll = [&] {
    pipeline_->on_revoked({0, 1});
    pipeline_->on_assigned({0, 1});
    source_.records = {record};
  };
  ASSERT_TRUE(turn_until_committed(0, 2));
  EXPECT_THAT(store_.stored_texts(), ElementsAre("comes back"));
  EXPECT_FALSE(source_.is_paused);
}

TEST_F(PipelineFailuresTest, StopsAtOnceWhilePaused) {
  fail_times(1'000'000, Response::pause);
  send(0, 1, "a");
  ASSERT_TRUE(turn_until([&] { return source_.is_paused; }));
  const int calls_before = store_.calls;
  const auto begin = clock_.now();
  pipeline_->finish();
  EXPECT_EQ(store_.calls, calls_before);
  EXPECT_EQ(time_since(begin), milliseconds{0});
  EXPECT_THAT(source_.committed, IsEmpty());
}

}  // namespace
}  // namespace chat::persister
