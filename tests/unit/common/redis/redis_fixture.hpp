// What the tests of Redis connections share: a fake server and short waits, turned by hand.
#pragma once

#include <chrono>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "common/metrics/metrics.hpp"
#include "common/redis/connection_metrics.hpp"
#include "common/redis/timing.hpp"
#include "tests/support/pump.hpp"
#include "tests/unit/common/redis/fake_redis.hpp"

namespace chat::test {

class RedisTest : public testing::Test {
 protected:
  static redis::Timing short_timing() {
    redis::Timing timing;
    timing.connect = std::chrono::milliseconds(300);
    timing.answer = std::chrono::milliseconds(300);
    timing.probe_period = std::chrono::milliseconds(20);
    timing.probe_answer = std::chrono::milliseconds(300);
    timing.first_backoff = std::chrono::milliseconds(2);
    timing.max_backoff = std::chrono::milliseconds(20);
    return timing;
  }

  template <class Condition>
  bool until(Condition condition) {
    return pump_until(context, condition);
  }

  /// Lets everything happen that is due within the time; only to see that nothing more comes.
  void settle(std::chrono::milliseconds time) {
    pump_until(
        context, [] { return false; }, time);
  }

  boost::asio::io_context context;
  Metrics all_metrics;
  redis::ConnectionMetrics metrics{all_metrics, "test"};
  FakeRedis server{context};
};

}  // namespace chat::test
