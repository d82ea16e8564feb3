// How much memory Redis uses, and how much it may use.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/base/lifetime.hpp"
#include "common/redis/command_connection.hpp"
#include "gateway/bus/bus_metrics.hpp"

namespace chat::gateway {

/// Asks every 5 s (INFO memory) and sets the gauges; while Redis is away they keep what it said last. On the
/// bus thread.
class MemoryWatch {
 public:
  /// All outlive it.
  MemoryWatch(boost::asio::io_context& context, redis::CommandConnection& connection,
              const BusMetrics& metrics);

  void start() { tick(); }

 private:
  void tick();
  void take(const redis::Reply& reply);

  redis::CommandConnection& connection_;
  const BusMetrics& metrics_;
  boost::asio::steady_timer timer_;
  bool is_asking_ = false;
  Lifetime lifetime_;
};

}  // namespace chat::gateway
