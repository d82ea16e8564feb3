// The composition root: builds the gateway's parts in order, and destroys them in reverse.
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
#include "common/kafka/topic_retention.hpp"
#include "common/kafka/topic_watch.hpp"
#include "common/metrics/metrics.hpp"
#include "common/tracing/tracer.hpp"
#include "gateway/app/gateway_settings.hpp"
#include "gateway/app/shedding.hpp"
#include "gateway/bus/redis_bus.hpp"
#include "gateway/chat/gateway_metrics.hpp"
#include "gateway/fanout/hub.hpp"
#include "gateway/history/postgres_history.hpp"
#include "gateway/history/resuming_bus.hpp"
#include "gateway/history/stored_epochs.hpp"
#include "gateway/journal/kafka_journal.hpp"
#include "gateway/tls/server_identity.hpp"
#include "gateway/worker/worker.hpp"

namespace chat::gateway {

/// One gateway. On the main thread; only readiness() may be called by any thread.
class GatewayService {
 public:
  /// Connects to nothing yet.
  explicit GatewayService(GatewaySettings settings);
  ~GatewayService();

  /// Starts, serves until SIGINT or SIGTERM, drains, and gives the exit code: 0 when every accepted message
  /// is in Kafka, 1 otherwise. Throws std::runtime_error with one sentence when it cannot start.
  int run();

 private:
  enum class Phase { starting, ready, draining };

  void start();
  /// Before any part that traces is made.
  void make_tracer();
  /// Makes the topic if it is missing, and the journal on it.
  void make_journal();
  void make_history();
  void start_workers();
  void wait_for_redis();
  /// Warns of each setting of Kafka and Redis that endangers acknowledged messages; throws with
  /// strict_durability. Then starts to watch the topic.
  void check_durability();
  std::vector<kafka::DurabilityFinding> kafka_findings(const kafka::DurabilityFacts& facts) const;
  void watch_topic(std::unique_ptr<kafka::TopicInspector> inspector);
  void open_listeners(std::uint16_t port);
  /// Copies the bus's state into bus_connected_, again and again. On the bus thread.
  void watch_bus();
  int drain();
  void end_presence();
  /// Runs the main loop until `done`, the deadline, or (with `end_at_signal`) a signal. Returns done().
  bool wait_until(const std::function<bool()>& done, std::chrono::steady_clock::time_point deadline,
                  bool end_at_signal);
  bool redis_connected() const;
  admin::Readiness readiness() const;
  /// What the admin port takes besides reading.
  std::vector<admin::Command> commands();

  const GatewaySettings settings_;
  boost::asio::io_context main_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> main_work_;
  Metrics metrics_;
  admin::Dependencies dependencies_{metrics_};
  kafka::DurabilityLog durability_log_;
  kafka::TopicRetention retention_;
  GatewayMetrics gateway_metrics_;
  std::shared_ptr<tls::ServerIdentity> identity_;  // null without TLS
  std::unique_ptr<tracing::Tracer> tracer_;        // null: nothing is traced
  std::atomic<Phase> phase_{Phase::starting};
  bool signalled_ = false;
  std::atomic<bool> bus_connected_{false};

  boost::asio::io_context bus_context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> bus_work_;
  boost::asio::steady_timer bus_watch_;
  Hub hub_;
  std::unique_ptr<KafkaJournal> journal_;
  std::unique_ptr<PostgresHistory> history_;  // null without DATABASE_URL
  std::unique_ptr<StoredEpochs> epochs_;      // null without DATABASE_URL
  std::vector<std::unique_ptr<Worker>> workers_;
  Shedding shedding_{workers_, settings_.drain_span};
  std::unique_ptr<RedisBus> bus_;
  std::unique_ptr<ResumingBus> resuming_bus_;
  std::thread bus_thread_;
  std::unique_ptr<kafka::TopicWatch> topic_watch_;
  std::unique_ptr<admin::AdminServer> admin_;
};

}  // namespace chat::gateway
