#include "gateway/journal/delivery_reports.hpp"

#include <gtest/gtest.h>

namespace chat::gateway {
namespace {

using kafka::DeliveryFault;

TEST(DeliveryReportsTest, keeps_the_reports_in_order_and_the_first_passing_failure) {
  PendingRecord first;
  PendingRecord second;
  DeliveryReports reports;
  reports.add({&first, true, "", DeliveryFault::none, 0});
  reports.add({&second, false, "the leader went", DeliveryFault::passing, 6});
  reports.add({&second, false, "it timed out", DeliveryFault::passing, 7});
  reports.add({&second, false, "purged", DeliveryFault::abandoned, 8});
  ASSERT_EQ(reports.reports().size(), 4u);
  EXPECT_EQ(reports.reports()[0].record, &first);
  EXPECT_EQ(reports.reports()[1].fault, DeliveryFault::passing);
  const auto failures = reports.take_failures();
  EXPECT_EQ(failures.count, 2u);
  EXPECT_EQ(failures.error_number, 6);
  EXPECT_EQ(failures.error, "the leader went");
  EXPECT_EQ(reports.take_failures().count, 0u);
}

}  // namespace
}  // namespace chat::gateway
