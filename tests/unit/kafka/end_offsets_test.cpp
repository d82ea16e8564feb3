#include "common/kafka/end_offsets.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/kafka/producer.hpp"
#include "tests/unit/kafka/mock_cluster.hpp"

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
