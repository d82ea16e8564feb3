// A persister's source on the mock cluster, with what it read and heard.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "persister/source/kafka_source.hpp"
#include "tests/unit/common/kafka/mock_cluster.hpp"

namespace chat::persister::test {

using chat::test::eventually;
using chat::test::MockCluster;
using chat::test::patience;
using std::chrono::milliseconds;

inline constexpr std::int32_t partitions = 4;

class FakeListener : public SourceListener {
 public:
  void on_assigned(const std::vector<std::int32_t>& given) override {
    assigned.insert(given.begin(), given.end());
    to_start.insert(given.begin(), given.end());
    ++assignments;
  }
  void on_revoked(const std::vector<std::int32_t>& taken) override {
    if (before_revoke) before_revoke();
    for (const auto partition : taken) assigned.erase(partition), to_start.erase(partition);
    ++revocations;
  }
  void on_lost_position(std::int32_t partition) override { lost.insert(partition); }
  void on_interruption() override { ++interruptions; }

  std::set<std::int32_t> assigned;
  std::set<std::int32_t> to_start;  // nobody has said where to read them from
  std::set<std::int32_t> lost;
  int assignments = 0;
  int revocations = 0;
  int interruptions = 0;
  std::function<void()> before_revoke;
};

/// One persister's source with what it read, "partition/offset" each.
class Member {
 public:
  Member(const MockCluster& cluster, const std::string& instance_id = {})
      : source(settings(cluster), {"test", "message-consumer-group", instance_id}, listener, metrics) {}

  /// Reads where the group's offsets are, as if PostgreSQL said the same.
  void poll() {
    start(source, listener);
    if (const auto record = source.poll(milliseconds{20})) read.push_back(*record);
  }
  bool poll_until(const std::function<bool()>& done) {
    return eventually([&] {
      poll();
      return done();
    });
  }
  bool read_until(std::size_t count) {
    return poll_until([&] { return read.size() >= count; });
  }
  void commit_read(milliseconds wait = patience) {
    std::map<std::int32_t, std::int64_t> next;
    for (const auto& record : read) next[record.partition] = record.offset + 1;
    std::vector<Position> positions;
    positions.reserve(next.size());
    for (const auto& [partition, offset] : next) positions.push_back({partition, offset});
    source.commit_and_wait(positions, wait);
  }
  /// Records that came while paused.
  int held() const {
    const std::string text = metrics.text();
    const std::string name = "\nchat_persister_records_held_total ";
    const auto at = text.find(name);
    return at == std::string::npos ? -1 : std::stoi(text.substr(at + name.size()));
  }
  std::vector<std::string> values() const {
    std::vector<std::string> values;
    for (const auto& record : read) values.push_back(record.value);
    return values;
  }

  static void start(KafkaSource& source, FakeListener& listener) {
    std::vector<ReadPosition> positions;
    for (const auto& [partition, log] : source.logs({listener.to_start.begin(), listener.to_start.end()})) {
      const std::int64_t next = log.commit ? log.commit->offset : log.start;
      positions.push_back({partition, next, log.commit ? log.commit->began.value_or(next) : next});
      listener.to_start.erase(partition);
    }
    if (!positions.empty()) source.read_from(positions);
  }

  FakeListener listener;
  Metrics metrics;
  KafkaSource source;
  std::vector<SourceRecord> read;

 private:
  static config::KafkaSettings settings(const MockCluster& cluster) {
    auto settings = cluster.settings();
    // The mock has a group wait 3 s for its first members, and later about as long as this.
    settings.conf["session.timeout.ms"] = "4000";
    settings.conf["heartbeat.interval.ms"] = "200";
    return settings;
  }
};

class SourceTest : public testing::Test {
 protected:
  /// Records "<from>" to "<to - 1>", in turn on each partition.
  void produce(int from, int to) {
    for (int i = from; i < to; ++i)
      cluster_.produce("MESSAGES", i % partitions, "room-" + std::to_string(i % partitions),
                       std::to_string(i));
  }

  static std::vector<std::string> numbers(int from, int to) {
    std::vector<std::string> numbers;
    for (int i = from; i < to; ++i) numbers.push_back(std::to_string(i));
    return numbers;
  }

  MockCluster cluster_;
};

}  // namespace chat::persister::test
