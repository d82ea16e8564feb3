// The delivery reports of one poll of the producer.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "common/kafka/producer.hpp"
#include "gateway/journal/pending_records.hpp"

namespace chat::gateway {

struct RecordReport {
  PendingRecord* record = nullptr;
  kafka::DeliveryFault fault = kafka::DeliveryFault::none;
};

/// Bad reports whose records Kafka may take another time.
struct DeliveryFailures {
  std::size_t count = 0;
  int error_number = 0;  // of the first one
  std::string error;
};

/// One thread.
class DeliveryReports {
 public:
  void add(const kafka::DeliveryReport& report) {
    reports_.push_back({static_cast<PendingRecord*>(report.tag), report.fault});
    if (report.fault != kafka::DeliveryFault::passing || failures_.count++ > 0) return;
    failures_.error_number = report.error_number;
    failures_.error = report.error;
  }

  std::span<const RecordReport> reports() const { return reports_; }
  void clear_reports() { reports_.clear(); }

  DeliveryFailures take_failures() { return std::exchange(failures_, {}); }

 private:
  std::vector<RecordReport> reports_;
  DeliveryFailures failures_;
};

}  // namespace chat::gateway
