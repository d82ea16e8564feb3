#include "gateway/journal/worker_calls.hpp"

#include <map>
#include <string>

#include <gtest/gtest.h>

namespace chat::gateway {
namespace {

class WorkerCallsTest : public testing::Test {
 protected:
  void add_waiter(PendingRecord& record, std::size_t worker, const std::string& name) {
    record.waiters.push_back({worker, [this, name] { told_ += " " + name; },
                              [this, name](JournalRefusal) { told_ += " refused:" + name; }});
  }

  PostToWorker post() {
    return [this](std::size_t worker, const std::vector<std::function<void()>>& calls) {
      ++posts_[worker];
      for (const auto& call : calls) call();
    };
  }

  WorkerCalls calls_;
  std::string told_;
  std::map<std::size_t, int> posts_;
};

TEST_F(WorkerCallsTest, posts_one_batch_to_each_worker_that_waits) {
  PendingRecord first;
  add_waiter(first, 2, "a");
  PendingRecord second;
  add_waiter(second, 0, "b");
  add_waiter(second, 2, "c");
  calls_.add_durable(first);
  calls_.add_durable(second);
  EXPECT_EQ(told_, "");
  calls_.post(post());
  EXPECT_EQ(told_, " b a c");
  EXPECT_EQ(posts_, (std::map<std::size_t, int>{{0, 1}, {2, 1}}));
  EXPECT_EQ(calls_.durable_records(), 2u);
  EXPECT_EQ(calls_.records(), 2u);
}

TEST_F(WorkerCallsTest, tells_a_refusal_only_to_those_that_asked_for_it) {
  PendingRecord record;
  add_waiter(record, 0, "a");
  record.waiters.push_back({1, [] { FAIL(); }, nullptr});
  calls_.add_refused(record, JournalRefusal::invalid);
  calls_.post(post());
  EXPECT_EQ(told_, " refused:a");
  EXPECT_EQ(posts_.size(), 1u);
  EXPECT_EQ(calls_.durable_records(), 0u);
  EXPECT_EQ(calls_.refused_records(), 1u);
}

}  // namespace
}  // namespace chat::gateway
