#include "gateway/journal/delivery_verdict.hpp"

#include <gtest/gtest.h>

namespace chat::gateway {
namespace {

using kafka::DeliveryFault;

constexpr std::size_t batch_bytes = 1'000;

DeliveryVerdict judge(DeliveryFault fault, std::size_t record_bytes = 100) {
  return judge_delivery(fault, record_bytes, BatchSize(batch_bytes));
}

TEST(DeliveryVerdictTest, a_good_report_is_durable_and_a_passing_fault_is_tried_again) {
  EXPECT_EQ(judge(DeliveryFault::none), DeliveryVerdict::durable);
  EXPECT_EQ(judge(DeliveryFault::passing), DeliveryVerdict::produce_again);
  EXPECT_EQ(judge(DeliveryFault::abandoned), DeliveryVerdict::produce_again);
}

TEST(DeliveryVerdictTest, a_record_over_the_clients_own_limit_is_too_large_at_once) {
  EXPECT_EQ(judge(DeliveryFault::record_too_large), DeliveryVerdict::too_large);
}

TEST(DeliveryVerdictTest, a_batchs_fault_is_a_records_only_where_it_was_alone) {
  EXPECT_EQ(judge(DeliveryFault::batch_too_large), DeliveryVerdict::produce_smaller);
  EXPECT_EQ(judge(DeliveryFault::batch_invalid), DeliveryVerdict::produce_smaller);
  EXPECT_EQ(judge(DeliveryFault::batch_too_large, batch_bytes + 1), DeliveryVerdict::too_large);
  EXPECT_EQ(judge(DeliveryFault::batch_invalid, batch_bytes + 1), DeliveryVerdict::invalid);
}

}  // namespace
}  // namespace chat::gateway
