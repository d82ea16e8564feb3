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
  ASSERT_TRUE(chat::test::eventually([&] { return (record = source.poll(milliseconds{20})).has_value(); }));
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
  EXPECT_THAT(member.metrics.text(), HasSubstr("chat_source_read_while_paused_total 0"));
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
