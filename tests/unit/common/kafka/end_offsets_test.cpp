#include "common/kafka/end_offsets.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/kafka/producer.hpp"
#include "tests/unit/common/kafka/mock_cluster.hpp"

namespace chat::kafka {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds wait{10'000};

TEST(EndOffsets, a_key_is_where_the_producer_puts_its_records_and_ends_behind_them) {
  test::MockCluster cluster;
  Metrics metrics;
  int reports = 0;
  ProducerOptions options{"test", "test", "MESSAGES"};
  auto producer = Producer::make(
                      cluster.settings(), options, [&](const DeliveryReport&) { ++reports; }, metrics)
                      .value();
  constexpr int rooms = 40;
  for (int i = 0; i < rooms; ++i)
    ASSERT_TRUE(producer->produce("room-" + std::to_string(i), "text", nullptr));
  ASSERT_TRUE(test::eventually([&] {
    producer->poll(milliseconds{10});
    return reports == rooms;
  }));
  auto offsets = EndOffsets::make(cluster.settings(), "test").value();
  const auto partitions = offsets->partitions(wait);
  ASSERT_EQ(partitions, 4);
  std::map<std::int32_t, std::int64_t> ends;
  for (const auto& record : cluster.read("MESSAGES", rooms)) {
    EXPECT_EQ(partition_of(record.key, *partitions), record.partition) << record.key;
    ends[record.partition] = std::max(ends[record.partition], record.offset + 1);
  }
  EXPECT_GT(ends.size(), 1U);
  for (std::int32_t partition = 0; partition < *partitions; ++partition)
    EXPECT_EQ(offsets->end_offset(partition, wait), ends[partition]);
}

class Proofs : public ::testing::Test {
 protected:
  Proofs() {
    for (const char* const value : {"a", "b", "c"}) cluster.produce("MESSAGES", 0, "room", value);
    offsets = EndOffsets::make(cluster.settings(), "test").value();
    last = offsets->hash_at(0, 2, wait).value_or(unknown_record);
  }

  test::MockCluster cluster;
  std::unique_ptr<EndOffsets> offsets;
  std::int64_t last = unknown_record;
};

TEST_F(Proofs, a_record_is_known_again_at_its_offset) {
  EXPECT_NE(last, unknown_record);
  EXPECT_EQ(offsets->hash_at(0, 2, wait), last);
  EXPECT_NE(offsets->hash_at(0, 1, wait), last);
}

TEST_F(Proofs, a_position_behind_the_record_that_it_knows_is_proven) {
  EXPECT_EQ(offsets->proves(0, {3, last}, wait), true);
  EXPECT_EQ(offsets->proves(0, {3, unknown_record}, wait), true) << "of a release that kept no hash";
  EXPECT_EQ(offsets->proves(1, {}, wait), true) << "nothing is there and nothing is stored";
}

TEST_F(Proofs, a_position_of_a_topic_that_was_made_again_is_not) {
  EXPECT_EQ(offsets->proves(0, {4, last}, wait), false) << "it is above the end";
  EXPECT_EQ(offsets->proves(0, {3, last + 1}, wait), false) << "as many records, but others";
  EXPECT_EQ(offsets->proves(0, {2, last}, wait), false);
}

TEST_F(Proofs, a_position_whose_earlier_record_is_of_another_topic_is_not) {
  StoredPosition position{3, last};
  position.proven = {2, offsets->hash_at(0, 1, wait).value_or(unknown_record)};
  EXPECT_EQ(offsets->proves(0, position, wait), true);
  position.proven.record_hash = last;
  EXPECT_EQ(offsets->proves(0, position, wait), false) << "the last record alone is of this topic";
}

TEST_F(Proofs, without_a_broker_nothing_is_said) {
  cluster.down();
  EXPECT_EQ(offsets->proves(0, {3, last}, milliseconds{100}), std::nullopt);
  cluster.up();
  EXPECT_TRUE(test::eventually([&] { return offsets->proves(0, {3, last}, wait) == true; }));
}

TEST(EndOffsets, has_no_answer_without_a_broker) {
  test::MockCluster cluster;
  cluster.down();
  auto offsets = EndOffsets::make(cluster.settings(), "test").value();
  EXPECT_FALSE(offsets->partitions(milliseconds{100}));
  EXPECT_FALSE(offsets->end_offset(0, milliseconds{100}));
  cluster.up();
  EXPECT_EQ(offsets->partitions(wait), 4);
}

}  // namespace
}  // namespace chat::kafka
