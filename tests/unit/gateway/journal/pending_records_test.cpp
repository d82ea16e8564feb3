#include "gateway/journal/pending_records.hpp"

#include <gtest/gtest.h>

namespace chat::gateway {
namespace {

PendingRecord record(std::uint8_t id, const std::string& room = "room") {
  PendingRecord record;
  record.id.bytes[0] = id;
  record.room = room;
  record.waiters.push_back({});
  return record;
}

TEST(PendingRecords, an_id_that_is_there_joins_the_waiting_ones) {
  PendingRecords pending;
  PendingRecord* first = pending.add(record(1));
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(pending.add(record(1)), nullptr);
  EXPECT_EQ(first->waiters.size(), 2u);
  EXPECT_EQ(pending.size(), 1u);
}

TEST(PendingRecords, one_id_in_two_rooms_is_two_records) {
  PendingRecords pending;
  EXPECT_NE(pending.add(record(1, "a")), nullptr);
  EXPECT_NE(pending.add(record(1, "b")), nullptr);
  EXPECT_EQ(pending.size(), 2u);
}

TEST(PendingRecords, what_has_to_be_produced_again_comes_in_the_order_of_appending) {
  PendingRecords pending;
  PendingRecord* a = pending.add(record(1));
  PendingRecord* b = pending.add(record(2));
  PendingRecord* c = pending.add(record(3));
  pending.await_producing(*c);
  pending.await_producing(*a);
  EXPECT_EQ(pending.next_to_produce(), a);
  pending.produced(*a);
  EXPECT_EQ(pending.next_to_produce(), c);
  pending.await_producing_all();
  for (PendingRecord* expected : {a, b, c}) {
    EXPECT_EQ(pending.next_to_produce(), expected);
    pending.produced(*expected);
  }
  EXPECT_EQ(pending.next_to_produce(), nullptr);
}

TEST(PendingRecords, what_was_taken_out_is_neither_known_nor_produced_again) {
  PendingRecords pending;
  PendingRecord* first = pending.add(record(1));
  pending.await_producing(*first);
  EXPECT_EQ(pending.take(*first)->id, record(1).id);
  EXPECT_EQ(pending.next_to_produce(), nullptr);
  EXPECT_TRUE(pending.empty());
  EXPECT_NE(pending.add(record(1)), nullptr);
}

}  // namespace
}  // namespace chat::gateway
