#include "persister/pipeline/database_state.hpp"

#include <gtest/gtest.h>

#include "tests/unit/persister/pipeline/pipeline_fixture.hpp"

namespace chat::persister {
namespace {

using postgres::Response;
using std::chrono::milliseconds;

class DatabaseStateTest : public test::PipelineFixture {
 protected:
  static constexpr milliseconds period{15'000};

  std::string cause() const {
    const auto trouble = dependencies_.trouble("postgres");
    return trouble ? trouble->cause : "";
  }
  void pause(Response response) {
    const auto failure = test::failure_of(response);
    state_.note_pause(failure, {"no_space", "the disk is full", "make room"}, milliseconds{60'000}, 3);
  }

  DatabaseState state_{database_, persister_metrics_, status_, clock_, period};
};

TEST_F(DatabaseStateTest, a_pause_is_shown_until_something_is_stored) {
  pause(Response::pause);
  EXPECT_FALSE(status_.database_ok);
  EXPECT_EQ(cause(), "no_space");
  EXPECT_EQ(persister_metrics_.paused.Value(), 1);
  EXPECT_EQ(persister_metrics_.alarms.Value(), 0);
  StoreOutcome outcome;
  outcome.inserted = 2;
  state_.note_stored(outcome);
  EXPECT_TRUE(status_.database_ok);
  EXPECT_EQ(cause(), "");
  EXPECT_EQ(persister_metrics_.paused.Value(), 0);
  EXPECT_EQ(persister_metrics_.stored.Value(), 2);
}

TEST_F(DatabaseStateTest, a_pause_that_needs_a_person_counts_as_an_alarm) {
  pause(Response::alarm);
  pause(Response::poison);
  EXPECT_EQ(persister_metrics_.alarms.Value(), 2);
  EXPECT_EQ(persister_metrics_.pauses.Value(), 2);
}

TEST_F(DatabaseStateTest, rehearses_once_a_period_and_at_once_when_the_server_answers_again) {
  EXPECT_FALSE(state_.rehearse_where_due(store_));
  clock_.sleep(period);
  EXPECT_TRUE(state_.rehearse_where_due(store_));
  EXPECT_FALSE(state_.rehearse_where_due(store_));
  state_.note_answers();
  EXPECT_FALSE(state_.rehearse_where_due(store_));
  state_.note_silent({"unreachable", "PostgreSQL is away", "start it"});
  EXPECT_EQ(cause(), "unreachable");
  state_.note_answers();
  EXPECT_TRUE(state_.rehearse_where_due(store_));
  EXPECT_EQ(cause(), "");
  EXPECT_EQ(store_.rehearsals, 2);
}

TEST_F(DatabaseStateTest, a_refused_rehearsal_is_one_alarm_until_it_succeeds) {
  store_.rehearsal = [] { return std::optional(test::failure_of(Response::alarm, "42501")); };
  state_.note_works();
  for (int i = 0; i < 3; ++i) {
    clock_.sleep(period);
    EXPECT_TRUE(state_.rehearse_where_due(store_));
  }
  EXPECT_EQ(persister_metrics_.alarms.Value(), 1);
  EXPECT_NE(cause(), "");
}

}  // namespace
}  // namespace chat::persister
