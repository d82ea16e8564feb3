// A pipeline between fakes.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/metrics/metrics.hpp"
#include "persister/pipeline/pipeline.hpp"
#include "tests/unit/persister/pipeline/fakes.hpp"
#include "tests/unit/persister/records.hpp"

namespace chat::persister::test {

class PipelineFixture : public ::testing::Test {
 protected:
  PipelineFixture() { begin_process(); }

  /// A new process takes over: nothing of the old one is left but what is in Kafka and PostgreSQL.
  void begin_process() {
    pipeline_ = std::make_unique<Pipeline>(
        settings_,
        PipelineParts{store_, dead_letters_, receipts_, owned_, database_, dead_letter_alarm_, audit_},
        persister_metrics_, status_, clock_);
    pipeline_->use(source_);
    pipeline_->on_assigned({0, 1});
  }

  void send(std::int32_t partition, std::int64_t offset, const std::string& text) {
    source_.records.push_back(make_record(partition, offset, text));
  }

  /// With the offset as seq.
  void send_to(const std::string& room, std::int32_t partition, std::int64_t offset,
               const std::string& text = "hello") {
    auto message = make_message(text, room);
    message.cursor.seq = offset;
    source_.records.push_back(make_record(message, partition, offset));
  }

  void send_garbage(std::int32_t partition, std::int64_t offset) {
    source_.records.push_back({partition, offset, "key", "{not json"});
  }

  template <class Condition>
  bool turn_until(Condition condition, int max_turns = 20'000) {
    for (int i = 0; i < max_turns; ++i) {
      if (condition()) return true;
      pipeline_->turn();
    }
    return condition();
  }

  /// Turns until the offset of this partition is committed.
  bool turn_until_committed(std::int32_t partition, std::int64_t next_offset) {
    return turn_until([&] {
      const auto found = source_.committed.find(partition);
      return found != source_.committed.end() && found->second == next_offset;
    });
  }

  /// What /readyz says.
  admin::Readiness readiness() const { return dependencies_.complete(status_.readiness()); }

  bool happened(const std::string& event) const { return std::ranges::find(events_, event) != events_.end(); }

  std::chrono::milliseconds time_since(Clock::TimePoint begin) const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now() - begin);
  }

  FakeClock clock_;
  Events events_;
  FakeSource source_{clock_, events_};
  FakeStore store_{clock_, events_};
  FakeDeadLetters dead_letters_{events_};
  FakeReceipts receipts_;
  FakePositionAudit audit_;
  OwnedPartitions owned_;
  Metrics metrics_;
  PersisterMetrics persister_metrics_{metrics_};
  admin::Dependencies dependencies_{metrics_};
  admin::Trial& database_ = dependencies_.add("postgres");
  admin::Trial& dead_letter_alarm_ = dependencies_.add("dead_letters", false);
  PersisterStatus status_;
  PipelineSettings settings_;
  std::unique_ptr<Pipeline> pipeline_;
};

}  // namespace chat::persister::test
