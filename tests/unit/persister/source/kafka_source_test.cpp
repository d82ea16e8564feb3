#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "persister/source/kafka_dead_letter_queue.hpp"
#include "tests/unit/persister/source/member.hpp"

namespace chat::persister {
namespace {

using chat::test::patience;
using std::chrono::milliseconds;
using test::Member;
using test::partitions;
using testing::HasSubstr;

class KafkaSourceTest : public test::SourceTest {};

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

TEST_F(KafkaSourceTest, a_record_comes_with_its_time_and_with_where_it_was_first) {
  Metrics metrics;
  const Origin first{3, 42, 1'714'557'600'125};
  KafkaDeadLetterQueue letters(cluster_.settings(), "test", metrics);
  ASSERT_TRUE(letters.publish({{0, 7, "room", "value", -1, first}, "a reason"}, patience));
  auto settings = cluster_.settings();
  settings.topic = settings.dead_letter_topic();
  test::FakeListener listener;
  KafkaSource source(settings, {"test", "a-group", {}}, listener, metrics);
  std::optional<SourceRecord> record;
  ASSERT_TRUE(chat::test::eventually([&] {
    Member::start(source, listener);
    return (record = source.poll(milliseconds{20})).has_value();
  }));
  EXPECT_EQ(record->origin, first);
  EXPECT_EQ(record->offset, 0);
  EXPECT_GT(record->timestamp, 1'700'000'000'000);
  EXPECT_EQ(origin_of(*record), first);
  record->origin.reset();
  EXPECT_EQ(origin_of(*record), (Origin{0, 0, record->timestamp}));
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

TEST_F(KafkaSourceTest, nothing_is_read_before_it_is_said_where_to_begin) {
  produce(0, 8);
  test::FakeListener listener;
  Metrics metrics;
  KafkaSource source(cluster_.settings(), {"test", "a-group", {}}, listener, metrics);
  ASSERT_TRUE(chat::test::eventually([&] {
    EXPECT_FALSE(source.poll(milliseconds{20}));
    return listener.assigned.size() == static_cast<std::size_t>(partitions);
  }));
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(source.poll(milliseconds{20}));
  source.read_from({{2, 1, 0}});
  std::optional<SourceRecord> record;
  ASSERT_TRUE(chat::test::eventually([&] { return (record = source.poll(milliseconds{20})).has_value(); }));
  EXPECT_EQ(record->partition, 2);
  EXPECT_EQ(record->offset, 1);
}

TEST_F(KafkaSourceTest, a_partition_that_is_read_again_comes_again_and_the_others_go_on) {
  produce(0, 12);
  Member member(cluster_);
  ASSERT_TRUE(member.read_until(12));
  member.source.read_from({{1, 1, 0}});
  produce(12, 16);
  ASSERT_TRUE(member.read_until(18));
  for (int i = 0; i < 20; ++i) member.poll();
  auto expected = numbers(0, 16);
  expected.insert(expected.end(), {"5", "9"});
  EXPECT_THAT(member.values(), testing::UnorderedElementsAreArray(expected));
}

TEST_F(KafkaSourceTest, a_partition_that_is_read_again_while_paused_comes_again_afterwards) {
  produce(0, 12);
  Member member(cluster_);
  ASSERT_TRUE(member.read_until(12));
  member.source.pause();
  member.source.read_from({{1, 1, 0}});
  produce(12, 16);
  for (int i = 0; i < 30; ++i) member.poll();
  EXPECT_EQ(member.read.size(), 12u);
  member.source.resume();
  ASSERT_TRUE(member.read_until(18));
  auto expected = numbers(0, 16);
  expected.insert(expected.end(), {"5", "9"});
  EXPECT_THAT(member.values(), testing::UnorderedElementsAreArray(expected));
}

TEST_F(KafkaSourceTest, an_offset_that_is_not_there_is_told_and_not_passed_over) {
  produce(0, 8);
  Member member(cluster_);
  ASSERT_TRUE(member.read_until(8));
  member.source.read_from({{1, 50, 0}});
  EXPECT_TRUE(member.poll_until([&] { return member.listener.lost.contains(1); }));
  EXPECT_EQ(member.read.size(), 8u);
  member.source.read_from({{1, 1, 0}});
  EXPECT_TRUE(member.read_until(9));
}

TEST_F(KafkaSourceTest, a_commit_tells_the_next_owner_where_reading_once_began) {
  produce(0, 8);
  Member member(cluster_);
  ASSERT_TRUE(member.read_until(8));
  member.source.read_from({{0, 1, 1}});
  ASSERT_TRUE(member.read_until(9));
  member.commit_read();
  const auto logs = member.source.logs({0, 3});
  ASSERT_TRUE(logs.contains(0) && logs.contains(3));
  EXPECT_EQ(logs.at(0).start, 0);
  EXPECT_EQ(logs.at(0).end, 2);
  ASSERT_TRUE(logs.at(0).commit);
  EXPECT_EQ(logs.at(0).commit->offset, 2);
  EXPECT_EQ(logs.at(0).commit->began, 1);
  EXPECT_EQ(logs.at(3).commit->began, 0);
}

TEST(CommitNote, only_ours_is_read) {
  EXPECT_EQ(parse_commit_note(commit_note(42)), 42);
  for (const char* const other :
       {"", "42", "chat-persister began=", "chat-persister began=-1", "chat-persister began=4 ", "began=4"})
    EXPECT_FALSE(parse_commit_note(other)) << other;
}

TEST(InstanceId, is_another_one_for_each_topic) {
  EXPECT_EQ(instance_id_for("", "MESSAGES"), "") << "a dynamic member";
  EXPECT_EQ(instance_id_for("one", "MESSAGES"), "one.MESSAGES");
  const auto longest = instance_id_for(std::string(64, 'p'), std::string(249, 't'));
  EXPECT_LE(longest.size(), 249U);
  EXPECT_NE(longest, instance_id_for(std::string(64, 'p'), std::string(248, 't')));
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

TEST_F(KafkaSourceTest, leaving_while_records_wait_to_be_read_loses_none) {
  produce(0, 100);
  Member member(cluster_);
  ASSERT_TRUE(member.read_until(1));
  member.commit_read();
  const auto read = member.values();
  member.source.close();
  Member next(cluster_);
  ASSERT_TRUE(next.read_until(100 - read.size()));
  auto all = next.values();
  all.insert(all.end(), read.begin(), read.end());
  EXPECT_THAT(all, testing::UnorderedElementsAreArray(numbers(0, 100)));
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
  EXPECT_THAT(member.metrics.text(), HasSubstr("chat_persister_records_held_total 0"));
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
