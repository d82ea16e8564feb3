// Turns an io_context by hand until something has happened.
#pragma once

#include <chrono>

#include <boost/asio/io_context.hpp>

namespace chat::test {

/// Runs handlers on the calling thread until `condition` holds. False when it did not within the limit.
template <class Condition>
bool pump_until(boost::asio::io_context& context, Condition condition,
                std::chrono::milliseconds limit = std::chrono::seconds(20)) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    if (context.stopped()) context.restart();
    context.run_one_until(deadline);
  }
  return true;
}

}  // namespace chat::test
