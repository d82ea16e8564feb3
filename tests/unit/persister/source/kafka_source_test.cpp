#include "persister/source/kafka_source.hpp"

#include <functional>
#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/kafka/mock_cluster.hpp"

namespace chat::persister {
namespace {

using chat::test::eventually;
using chat::test::MockCluster;
using chat::test::patience;
using std::chrono::milliseconds;
using testing::HasSubstr;

constexpr std::int32_t partitions = 4;

class FakeListener : public SourceListener {
 public:
  void on_assigned(const std::vector<std::int32_t>& given) override {
    assigned.insert(given.begin(), given.end());
    ++assignments;
  }
  void on_revoked(const std::vector<std::int32_t>& taken) override {
    if (before_revoke) before_revoke();
    for (const auto partition : taken) assigned.erase(partition);
    ++revocations;
  }

  std::set<std::int32_t> assigned;
  int assignments = 0;
  int revocations = 0;
  std::function<void()> before_revoke;
};

/// One persister's source with what it read, "partition/offset" each.
class Member {
 public:
  Member(const MockCluster& cluster, const std::string& instance_id = {})
      : source(settings(cluster), {"test", "message-consumer-group", instance_id}, listener, metrics) {}

  void poll() {
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
    for (const auto& [partition, offset] : next) positions.push_back({partition, offset});
    source.commit_and_wait(positions, wait);
  }
  std::vector<std::string> values() const {
    std::vector<std::string> values;
    for (const auto& record : read) values.push_back(record.value);
    return values;
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

class KafkaSourceTest : public testing::Test {
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

TEST_F(KafkaSourceTest, a_new_group_reads_everything_from_the_earliest_on) {
  produce(0, 8);
  Member member(cluster_);
  ASSERT_TRUE(member.read_until(8));
  EXPECT_THAT(member.values(), testing::UnorderedElementsAreArray(numbers(0, 8)));
  EXPECT_EQ(member.listener.assigned.size(), static_cast<std::size_t>(partitions));
  const auto& first = member.read.front();
  EXPECT_EQ(first.key, "room-" + std::to_string(first.partition));
  EXPECT_EQ(first.offset, 0);
}

TEST_F(KafkaSourceTest, I7_the_next_member_goes_on_from_what_was_committed_and_not_from_what_was_read) {
  produce(0, 8);
  {
    Member member(cluster_);
    ASSERT_TRUE(member.read_until(4));
    member.commit_read();
    const auto committed = member.values();
    ASSERT_TRUE(member.read_until(8));
    member.source.close();

    Member next(cluster_);
    ASSERT_TRUE(next.read_until(8 - committed.size()));
    auto all = next.values();
    all.insert(all.end(), committed.begin(), committed.end());
    EXPECT_THAT(all, testing::UnorderedElementsAreArray(numbers(0, 8)));
  }
}

TEST_F(KafkaSourceTest, a_commit_without_waiting_arrives_too) {
  produce(0, 1);
  Member member(cluster_);
  ASSERT_TRUE(member.read_until(1));
  member.source.commit({{0, 1}});
  member.source.close();
  produce(4, 5);
  Member next(cluster_);
  ASSERT_TRUE(next.read_until(1));
  EXPECT_EQ(next.values(), numbers(4, 5));
}

TEST_F(KafkaSourceTest, while_paused_no_record_comes_and_afterwards_each_comes_once) {
  produce(0, 12);
  Member member(cluster_);
  ASSERT_TRUE(member.read_until(5));
  member.source.pause();
  member.source.pause();
  produce(12, 16);
  for (int i = 0; i < 20; ++i) member.poll();
  EXPECT_EQ(member.read.size(), 5u);
  member.source.resume();
  member.source.resume();
  ASSERT_TRUE(member.read_until(16));
  for (int i = 0; i < 20; ++i) member.poll();
  EXPECT_THAT(member.values(), testing::UnorderedElementsAreArray(numbers(0, 16)));
  EXPECT_THAT(member.metrics.text(), HasSubstr("chat_source_read_while_paused_total 0"));
}

TEST_F(KafkaSourceTest, partitions_that_are_assigned_while_paused_are_paused_until_resumed) {
  produce(0, 8);
  Member member(cluster_);
  member.source.pause();
  ASSERT_TRUE(member.poll_until([&] { return member.listener.assignments == 1; }));
  for (int i = 0; i < 20; ++i) member.poll();
  EXPECT_TRUE(member.read.empty());
  member.source.resume();
  ASSERT_TRUE(member.read_until(8));
  EXPECT_THAT(member.values(), testing::UnorderedElementsAreArray(numbers(0, 8)));
}

TEST_F(KafkaSourceTest, a_pause_survives_a_rebalance_in_which_partitions_go_and_come_back) {
  produce(0, 8);
  Member a(cluster_);
  ASSERT_TRUE(a.read_until(8));
  a.commit_read();
  a.read.clear();
  a.source.pause();
  {
    Member b(cluster_);
    ASSERT_TRUE(a.poll_until([&] {
      b.poll();
      return !b.listener.assigned.empty() &&
             a.listener.assigned.size() + b.listener.assigned.size() == partitions;
    }));
    b.source.close();
  }
  ASSERT_TRUE(a.poll_until([&] { return a.listener.assigned.size() == partitions; }));
  produce(8, 16);
  for (int i = 0; i < 20; ++i) a.poll();
  EXPECT_TRUE(a.read.empty());
  a.source.resume();
  ASSERT_TRUE(a.read_until(8));
  EXPECT_THAT(a.values(), testing::UnorderedElementsAreArray(numbers(8, 16)));
}

TEST_F(KafkaSourceTest, a_partition_that_was_paused_away_and_resumed_meanwhile_is_read_when_it_comes_back) {
  produce(0, 8);
  Member a(cluster_);
  ASSERT_TRUE(a.read_until(8));
  a.commit_read();
  a.read.clear();
  a.source.pause();
  {
    Member b(cluster_);
    ASSERT_TRUE(a.poll_until([&] {
      b.poll();
      return !b.listener.assigned.empty() &&
             a.listener.assigned.size() + b.listener.assigned.size() == partitions;
    }));
    a.source.resume();
    b.source.close();
  }
  ASSERT_TRUE(a.poll_until([&] { return a.listener.assigned.size() == partitions; }));
  produce(8, 16);
  ASSERT_TRUE(a.read_until(8)) << a.read.size();
  EXPECT_THAT(a.values(), testing::UnorderedElementsAreArray(numbers(8, 16)));
}

TEST_F(KafkaSourceTest, at_a_revocation_what_is_stored_can_still_be_committed) {
  produce(0, 8);
  Member member(cluster_);
  ASSERT_TRUE(member.read_until(8));
  member.listener.before_revoke = [&] { member.commit_read(); };
  member.source.close();
  EXPECT_EQ(member.listener.revocations, 1);
  EXPECT_TRUE(member.listener.assigned.empty());
  EXPECT_EQ(member.source.poll(milliseconds{0}), std::nullopt);
  produce(8, 9);
  Member next(cluster_);
  ASSERT_TRUE(next.read_until(1));
  EXPECT_EQ(next.values(), numbers(8, 9));
}

TEST_F(KafkaSourceTest, a_partition_of_another_member_is_not_committed) {
  produce(0, 8);
  Member a(cluster_);
  ASSERT_TRUE(a.read_until(8));
  a.commit_read();
  Member b(cluster_);
  ASSERT_TRUE(a.poll_until([&] {
    b.poll();
    return !b.listener.assigned.empty() &&
           a.listener.assigned.size() + b.listener.assigned.size() == partitions;
  }));
  for (std::int32_t partition = 0; partition < partitions; ++partition)
    if (!a.listener.assigned.contains(partition)) a.source.commit_and_wait({{partition, 0}}, patience);
  a.source.close();
  b.source.close();
  produce(8, 12);
  Member next(cluster_);
  ASSERT_TRUE(next.read_until(4));
  EXPECT_THAT(next.values(), testing::UnorderedElementsAreArray(numbers(8, 12)));
}

TEST_F(KafkaSourceTest, a_member_that_was_pushed_out_for_good_is_made_again) {
  produce(0, 4);
  Member member(cluster_, "persister-1");
  ASSERT_TRUE(member.read_until(4));
  member.commit_read();
  member.read.clear();
  cluster_.fail_next(MockCluster::heartbeat_request, MockCluster::fenced_instance_id);
  ASSERT_TRUE(member.poll_until([&] { return member.listener.revocations == 1; }));
  EXPECT_TRUE(member.listener.assigned.empty());
  produce(4, 8);
  ASSERT_TRUE(member.read_until(4));
  EXPECT_THAT(member.values(), testing::UnorderedElementsAreArray(numbers(4, 8)));
  EXPECT_THAT(member.metrics.text(), HasSubstr("chat_source_members_remade_total 1"));
}

TEST_F(KafkaSourceTest, with_the_broker_away_nothing_throws_and_reading_goes_on_when_it_is_back) {
  produce(0, 4);
  Member member(cluster_);
  ASSERT_TRUE(member.read_until(4));
  cluster_.down();
  ASSERT_TRUE(member.poll_until([&] { return !member.source.healthy(); }));
  const auto begin = std::chrono::steady_clock::now();
  member.commit_read(milliseconds{200});
  EXPECT_LT(std::chrono::steady_clock::now() - begin, milliseconds{2000});
  cluster_.up();
  produce(4, 8);
  const auto has_all = [&] {
    const auto values = member.values();
    return std::set<std::string>(values.begin(), values.end()).size() == 8;
  };
  EXPECT_TRUE(member.poll_until(has_all));
  EXPECT_TRUE(member.source.healthy());
}

}  // namespace
}  // namespace chat::persister
