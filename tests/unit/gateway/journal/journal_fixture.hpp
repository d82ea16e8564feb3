// The journal on the mock cluster, with workers that run and remember its calls.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/wire/record.hpp"
#include "gateway/journal/kafka_journal.hpp"
#include "tests/unit/common/kafka/mock_cluster.hpp"

namespace chat::gateway::test {

using chat::test::eventually;
using chat::test::MockCluster;
using Clock = std::chrono::steady_clock;

inline constexpr std::size_t reservation = 400;

/// Runs what is posted at once and remembers which worker it was for.
class FakeWorkers {
 public:
  PostToWorker post() {
    return [this](std::size_t worker, const std::vector<std::function<void()>>& calls) {
      const std::lock_guard lock(mutex_);
      ++batches_;
      running_ = worker;
      for (const auto& call : calls) call();
    };
  }

  /// A call that notes the worker that runs it and the time.
  std::function<void()> note(std::string name) {
    return [this, name = std::move(name)] {
      calls_[name].push_back(running_);
      last_ = Clock::now();
    };
  }

  std::vector<std::size_t> calls(const std::string& name) {
    const std::lock_guard lock(mutex_);
    return calls_[name];
  }
  std::size_t count() {
    const std::lock_guard lock(mutex_);
    std::size_t count = 0;
    for (const auto& [name, workers] : calls_) count += workers.size();
    return count;
  }
  std::size_t batches() {
    const std::lock_guard lock(mutex_);
    return batches_;
  }
  Clock::time_point last() {
    const std::lock_guard lock(mutex_);
    return last_;
  }

 private:
  std::mutex mutex_;
  std::size_t running_ = 0;
  std::size_t batches_ = 0;
  std::map<std::string, std::vector<std::size_t>> calls_;
  Clock::time_point last_;
};

inline MessageRecord message(const std::string& room, std::int64_t seq) {
  return {random_uuid(),     room, {1, seq}, "ann", "Ann", "text " + std::to_string(seq),
          1'700'000'000'000, "g1"};
}

class JournalTest : public testing::Test {
 protected:
  KafkaJournal& start(std::size_t max_records = 50'000, std::size_t max_bytes = 64 << 20) {
    journal_.emplace(settings_.value_or(cluster_.settings()),
                     KafkaJournalOptions{"test", max_records, max_bytes}, workers_.post(), metrics_);
    return *journal_;
  }

  /// Waits for the place: while the journal replaces its producer it has none.
  void append(const MessageRecord& record, std::size_t worker = 0, const std::string& name = "call") {
    ASSERT_TRUE(eventually([&] { return journal_->reserve(reservation); }));
    journal_->append({record, reservation, worker, workers_.note(name), [this](JournalRefusal refusal) {
                        workers_.note(refusal == JournalRefusal::too_large ? "too_large" : "invalid")();
                      }});
  }

  void expect_all_delivered(std::size_t count) {
    EXPECT_TRUE(eventually([&] { return workers_.count() == count; })) << workers_.count();
    EXPECT_EQ(journal_->depth(), 0u);
  }

  /// -1: the metrics have none of that name.
  double gauge(const std::string& name) const {
    const std::string text = metrics_.text();
    const auto at = text.find("\n" + name + " ");
    return at == std::string::npos ? -1 : std::stod(text.substr(at + name.size() + 2));
  }

  /// The seqs per room in the topic's order, each at its first place.
  std::map<std::string, std::vector<std::int64_t>> seqs_in_topic(std::size_t count) {
    std::map<std::string, std::vector<std::int64_t>> seqs;
    std::set<Uuid> seen;
    for (const auto& stored : cluster_.read("MESSAGES", count)) {
      const auto record = decode_record(stored.value).value();
      EXPECT_EQ(stored.key, record.room);
      if (seen.insert(record.id).second) seqs[record.room].push_back(record.cursor.seq);
    }
    return seqs;
  }

  MockCluster cluster_;
  std::optional<config::KafkaSettings> settings_;  // other than the cluster's own
  Metrics metrics_;
  FakeWorkers workers_;
  std::optional<KafkaJournal> journal_;
};

inline std::vector<std::int64_t> up_to(std::int64_t last) {
  std::vector<std::int64_t> seqs;
  for (std::int64_t seq = 1; seq <= last; ++seq) seqs.push_back(seq);
  return seqs;
}

}  // namespace chat::gateway::test
