#include "persister/pipeline/batch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/persister/records.hpp"

namespace chat::persister {
namespace {

using std::chrono::milliseconds;
using test::make_record;

const Batcher::TimePoint start{std::chrono::hours{1}};

TEST(Batcher, IsNeverDueWhileEmpty) {
  const Batcher batcher({1, 1, milliseconds{0}});
  EXPECT_FALSE(batcher.is_due(start + std::chrono::hours{1}));
  EXPECT_EQ(batcher.time_left(start, milliseconds{100}), milliseconds{100});
}

TEST(Batcher, IsDueByCount) {
  Batcher batcher({2, 1'000'000, milliseconds{50}});
  batcher.add(make_record(0, 1), start);
  EXPECT_FALSE(batcher.is_due(start));
  batcher.add({0, 2, "", "{not json"}, start);
  EXPECT_TRUE(batcher.is_due(start));
}

TEST(Batcher, IsDueByBytes) {
  Batcher batcher({1000, 1000, milliseconds{50}});
  batcher.add(make_record(0, 1, std::string(500, 'x')), start);
  EXPECT_FALSE(batcher.is_due(start));
  batcher.add(make_record(0, 2, std::string(500, 'x')), start);
  EXPECT_TRUE(batcher.is_due(start));
}

TEST(Batcher, IsDueByTheAgeOfItsOldestRecord) {
  Batcher batcher({1000, 1'000'000, milliseconds{50}});
  batcher.add(make_record(0, 1), start);
  batcher.add(make_record(0, 2), start + milliseconds{40});
  EXPECT_EQ(batcher.time_left(start + milliseconds{40}, milliseconds{100}), milliseconds{10});
  EXPECT_FALSE(batcher.is_due(start + milliseconds{49}));
  EXPECT_TRUE(batcher.is_due(start + milliseconds{50}));
  EXPECT_EQ(batcher.time_left(start + milliseconds{70}, milliseconds{100}), milliseconds{0});
}

TEST(Batcher, BeginsAnewAfterItWasTaken) {
  Batcher batcher({2, 1'000'000, milliseconds{50}});
  batcher.add(make_record(0, 1), start);
  batcher.add(make_record(0, 2), start);
  EXPECT_EQ(batcher.take().rows.size(), 2u);
  EXPECT_TRUE(batcher.empty());
  batcher.add(make_record(0, 3), start + milliseconds{40});
  EXPECT_FALSE(batcher.is_due(start + milliseconds{60}));
}

TEST(Batcher, PutsWhatCannotBeDecodedAsideWithItsReason) {
  Batcher batcher({1000, 1'000'000, milliseconds{50}});
  auto message = test::make_message(std::string("a\0b", 3));
  batcher.add(make_record(message, 0, 1), start);
  message.text = "fine";
  auto record = make_record(message, 0, 2);
  record.value[record.value.find("fine")] = '\xFF';
  batcher.add(record, start);
  const auto batch = batcher.take();
  EXPECT_TRUE(batch.rows.empty());
  ASSERT_EQ(batch.letters.size(), 2u);
  EXPECT_EQ(batch.letters[0].reason, "field \"text\" has a NUL");
  EXPECT_EQ(batch.letters[1].cause, DeadLetterCause::undecodable);
  EXPECT_EQ(batch.letters[1].record.value, record.value);
  EXPECT_EQ(batch.reached.at(0).next_offset, 3);
}

TEST(Batcher, DropsAPartitionWithItsOffset) {
  Batcher batcher({1000, 1'000'000, milliseconds{50}});
  batcher.add(make_record(0, 1), start);
  const auto kept = make_record(1, 5);
  batcher.add(kept, start);
  batcher.add({0, 2, "", "{not json"}, start);
  batcher.drop(std::vector<std::int32_t>{0, 7});
  const auto batch = batcher.take();
  EXPECT_EQ(batch.rows.size(), 1u);
  EXPECT_TRUE(batch.letters.empty());
  ASSERT_EQ(batch.reached.size(), 1U);
  EXPECT_EQ(batch.reached.at(1), (StoredPosition{6, hash_of(kept)}));
}

TEST(BatcherDeathTest, OffsetsOfAPartitionRise) {
  Batcher batcher({1000, 1'000'000, milliseconds{50}});
  batcher.add(make_record(0, 5), start);
  batcher.add(make_record(1, 5), start);
  EXPECT_DEATH(batcher.add(make_record(0, 5), start), "");
}

}  // namespace
}  // namespace chat::persister
