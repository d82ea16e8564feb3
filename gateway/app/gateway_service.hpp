// The composition root: builds the gateway's parts in order, and takes them apart in reverse.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/admin/admin_server.hpp"
#include "common/admin/dependencies.hpp"
#include "common/kafka/durability_log.hpp"
#include "common/kafka/topic_watch.hpp"
#include "common/metrics/metrics.hpp"
#include "gateway/app/gateway_settings.hpp"
#include "gateway/bus/redis_bus.hpp"
#include "gateway/chat/gateway_metrics.hpp"
#include "gateway/fanout/hub.hpp"
#include "gateway/history/postgres_history.hpp"
#include "gateway/history/resuming_bus.hpp"
#include "gateway/history/stored_epochs.hpp"
#include "gateway/journal/kafka_journal.hpp"
#include "gateway/worker/worker.hpp"

namespace chat::gateway {

/// One gateway. Everything on the main thread but readiness(), which any thread may call.
class GatewayService {
 public:
  /// Takes copies. Builds nothing that talks to a server yet.
  explicit GatewayService(GatewaySettings settings);
  ~GatewayService();

  /// Starts, serves until SIGINT or SIGTERM, drains, and gives the exit code: 0 when every accepted message
  /// is in Kafka, 1 otherwise. Throws std::runtime_error with one sentence when it cannot start.
  int run();

 private:
  enum class Phase { starting, ready, draining };

  void start();
  /// The topic, made if it is missing, and the journal on it.
  void make_journal();
  void make_history();
  void start_workers();
  void wait_for_redis();
  /// Warns of each setting of Kafka and Redis that endangers acknowledged messages; throws where that is
  /// strict. Goes on with looking at Kafka.
  void check_durability();
  std::vector<kafka::DurabilityFinding> kafka_findings(const kafka::DurabilityFacts& facts) const;
  void watch_topic(std::unique_ptr<kafka::TopicInspector> inspector);
  void open_listeners(std::uint16_t port);
  /// Keeps bus_connected_ true to the bus, on its thread.
  void watch_bus();
  int drain();
  void end_presence();
  /// Runs the main loop until `done`, the deadline, or (where asked) a signal; gives done().
  bool wait_until(const std::function<bool()>& done, std::chrono::steady_clock::time_point deadline,
                  bool end_at_signal);
  bool redis_connected() const;
  admin::Readiness readiness() const;

  const GatewaySettings settings_;
  boost::asio::io_context main_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> main_work_;
  Metrics metrics_;
  admin::Dependencies dependencies_{metrics_};
  kafka::DurabilityLog durability_log_;
  GatewayMetrics gateway_metrics_;
  std::atomic<Phase> phase_{Phase::starting};
  bool signalled_ = false;
  std::atomic<bool> bus_connected_{false};

  boost::asio::io_context bus_context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> bus_work_;
  boost::asio::steady_timer bus_watch_;
  Hub hub_;
  std::unique_ptr<KafkaJournal> journal_;
  std::unique_ptr<PostgresHistory> history_;  // null without DATABASE_URL
  std::unique_ptr<StoredEpochs> epochs_;      // likewise
  std::vector<std::unique_ptr<Worker>> workers_;
  std::unique_ptr<RedisBus> bus_;
  std::unique_ptr<ResumingBus> resuming_bus_;
  std::thread bus_thread_;
  std::unique_ptr<kafka::TopicWatch> topic_watch_;
  std::unique_ptr<admin::AdminServer> admin_;
};

}  // namespace chat::gateway
