// What librdkafka's statistics say, as metrics.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/metrics/metrics.hpp"

namespace chat::kafka {

/// The figures we show of one client. Those of the group are 0 for a producer.
struct Statistics {
  std::int64_t queued = 0;       // records in librdkafka's own queue
  std::int64_t transmitted = 0;  // records sent, since the client was made
  std::int64_t retries = 0;      // requests sent again, over all brokers
  std::int64_t unpolled = 0;     // callbacks that wait to be polled; growing: nobody polls
  double slowest_rtt = 0;        // seconds, the highest 99th percentile of all brokers
  bool has_broker = false;       // a connection to a broker is up
  std::int64_t lag = 0;          // records behind the end, over the assigned partitions
  std::int64_t rebalances = 0;   // since the client was made
  double group_state_age = 0;    // seconds
};

/// Reads librdkafka's JSON (its STATISTICS.md); none when it is not that.
std::optional<Statistics> parse_statistics(std::string_view json);

/// chat_kafka_offset_resets_total of one client.
prometheus::Counter& offset_resets(Metrics& metrics, const std::string& client);

/// The metrics of one client, told apart by the label `client`. To be made anew with the client: librdkafka
/// counts from the client's start, and a client that replaces another goes on with the same counters. What a
/// client did after its last statistics is not counted. One thread at a time.
class StatisticsMetrics {
 public:
  StatisticsMetrics(Metrics& metrics, const std::string& client);
  void set(const Statistics& statistics);

 private:
  Statistics last_;  // what the counters have of this client
  prometheus::Gauge& queued_;
  prometheus::Counter& transmitted_;
  prometheus::Counter& retries_;
  prometheus::Gauge& unpolled_;
  prometheus::Gauge& slowest_rtt_;
  prometheus::Gauge& lag_;
  prometheus::Counter& rebalances_;
  prometheus::Gauge& group_state_age_;
};

}  // namespace chat::kafka
