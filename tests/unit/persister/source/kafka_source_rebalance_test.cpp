#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/persister/source/member.hpp"

namespace chat::persister {
namespace {

using chat::test::MockCluster;
using chat::test::patience;
using std::chrono::milliseconds;
using test::Member;
using test::partitions;
using testing::HasSubstr;

class KafkaSourceRebalanceTest : public test::SourceTest {};

TEST_F(KafkaSourceRebalanceTest, partitions_that_are_assigned_while_paused_are_paused_until_resumed) {
  produce(0, 8);
  Member member(cluster_);
  member.source.pause();
  ASSERT_TRUE(member.poll_until([&] { return member.listener.assignments == 1; }));
  ASSERT_TRUE(member.poll_until([&] { return member.held() == partitions; }));
  for (int i = 0; i < 20; ++i) member.poll();
  EXPECT_TRUE(member.read.empty());
  EXPECT_EQ(member.held(), partitions) << "a partition is paused with its first record";
  member.source.resume();
  ASSERT_TRUE(member.read_until(8));
  EXPECT_THAT(member.values(), testing::UnorderedElementsAreArray(numbers(0, 8)));
}

TEST_F(KafkaSourceRebalanceTest, a_pause_survives_a_rebalance_in_which_partitions_go_and_come_back) {
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
  ASSERT_TRUE(a.poll_until([&] { return a.held() == partitions; }));
  for (int i = 0; i < 20; ++i) a.poll();
  EXPECT_TRUE(a.read.empty());
  EXPECT_EQ(a.held(), partitions) << "a partition is paused with its first record";
  a.source.resume();
  ASSERT_TRUE(a.read_until(8));
  EXPECT_THAT(a.values(), testing::UnorderedElementsAreArray(numbers(8, 16)));
}

TEST_F(KafkaSourceRebalanceTest,
       a_partition_that_was_paused_away_and_resumed_meanwhile_is_read_when_it_comes_back) {
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

TEST_F(KafkaSourceRebalanceTest, at_a_revocation_what_is_stored_can_still_be_committed) {
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

TEST_F(KafkaSourceRebalanceTest, a_partition_of_another_member_is_not_committed) {
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

TEST_F(KafkaSourceRebalanceTest, a_member_that_was_pushed_out_for_good_is_made_again) {
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
  EXPECT_THAT(member.metrics.text(), HasSubstr("chat_persister_consumers_replaced_total 1"));
}

}  // namespace
}  // namespace chat::persister
