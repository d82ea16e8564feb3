// Ends a gateway's service so that its clients notice nothing: goes through the phases of DrainPhases.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "gateway/app/drain_phases.hpp"
#include "gateway/journal/kafka_journal.hpp"
#include "gateway/worker/worker.hpp"

namespace chat::gateway {

/// The settings of a drain.
struct DrainTimes {
  std::chrono::milliseconds delay;    // for the balancer to notice
  std::chrono::milliseconds span;     // over which the clients are spread
  std::chrono::milliseconds timeout;  // for Kafka, and again for the last connections to close
};

/// On the main thread.
class Drain {
 public:
  using Workers = std::vector<std::unique_ptr<Worker>>;

  /// References outlive it.
  Drain(const Workers& workers, KafkaJournal& journal, const DrainTimes& times)
      : workers_(workers), journal_(journal), times_(times) {}

  /// Runs `main` meanwhile. Returns the number of accepted messages that did not reach Kafka in time.
  std::size_t run(boost::asio::io_context& main);

 private:
  void enter(DrainPhase phase);
  DrainView view() const;

  const Workers& workers_;
  KafkaJournal& journal_;
  const DrainTimes times_;
  std::size_t undelivered_ = 0;
};

}  // namespace chat::gateway
