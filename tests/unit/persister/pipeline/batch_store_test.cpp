#include "persister/pipeline/batch_store.hpp"

#include <gtest/gtest.h>

#include "tests/unit/persister/pipeline/pipeline_fixture.hpp"

namespace chat::persister {
namespace {

class BatchStoreTest : public test::PipelineFixture {
 protected:
  BatchStoreTest() {
    Batch batch;
    batch.rows.push_back({test::make_record(0, 4, "hello"), test::make_message("hello")});
    batch.reached[0] = {5};
    work_.emplace(std::move(batch));
    store_.table[0] = {};
  }

  PositionKeeper keeper_{store_, audit_, persister_metrics_, status_, clock_};
  BatchStore batches_{store_, keeper_, persister_metrics_, clock_};
  std::optional<BatchWork> work_;
};

TEST_F(BatchStoreTest, tries_a_passing_failure_again) {
  int failures = 3;
  store_.fail = [&](auto) {
    return failures-- > 0 ? std::optional(test::failure_of(postgres::Response::retry)) : std::nullopt;
  };
  const auto begin = clock_.now();
  const StoreOutcome outcome = batches_.store(*work_);
  EXPECT_FALSE(outcome.failure);
  EXPECT_EQ(outcome.inserted, 1u);
  EXPECT_EQ(store_.calls, 4);
  EXPECT_GT(clock_.now(), begin);
}

TEST_F(BatchStoreTest, gives_up_after_some_retries) {
  store_.fail = [](auto) { return std::optional(test::failure_of(postgres::Response::retry)); };
  const auto begin = clock_.now();
  EXPECT_TRUE(batches_.store(*work_).failure);
  EXPECT_EQ(store_.calls, 9);
  EXPECT_LT(clock_.now() - begin, std::chrono::seconds{2});
}

TEST_F(BatchStoreTest, leaves_other_failures_to_the_caller) {
  store_.fail = [](auto) { return std::optional(test::failure_of(postgres::Response::pause)); };
  EXPECT_TRUE(batches_.store(*work_).failure);
  EXPECT_EQ(store_.calls, 1);
}

}  // namespace
}  // namespace chat::persister
