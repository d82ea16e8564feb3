// The persister process: builds its parts in order, runs them, takes them down in reverse.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "common/admin/admin_server.hpp"
#include "common/admin/dependencies.hpp"
#include "common/kafka/durability_log.hpp"
#include "common/kafka/stored_progress.hpp"
#include "common/kafka/topic_watch.hpp"
#include "common/metrics/metrics.hpp"
#include "common/postgres/database.hpp"
#include "persister/app/persister_settings.hpp"
#include "persister/holes/hole_finder.hpp"
#include "persister/interfaces/owned_partitions.hpp"
#include "persister/pipeline/persister_metrics.hpp"
#include "persister/pipeline/persister_status.hpp"
#include "persister/pipeline/pipeline.hpp"
#include "persister/source/kafka_source.hpp"
#include "persister/store/postgres_store.hpp"

namespace chat::persister {

/// Threads: the caller's runs the pipeline; one serves Redis; one looks for holes; one audits positions; one
/// watches each topic. The admin server, the watchdogs and librdkafka have their own; two deal with signals.
class PersisterService {
 public:
  explicit PersisterService(PersisterSettings settings);

  /// Runs until SIGTERM or SIGINT, which block_signals() must have blocked; gives the exit code. Throws
  /// std::runtime_error with one sentence where the start is impossible.
  int run();

 private:
  void on_signal();
  bool wait_for_database();
  void make_topics();
  void consume();
  KafkaSourceOptions source_options() const;
  HoleFinderOptions hole_finder_options() const;
  kafka::ProgressSources progress_sources() const;
  /// Watches the topic of messages and the one of dead letters from now on.
  void watch_topics();
  void watch_topic(const std::string& topic, kafka::TopicInspector::Use use,
                   std::function<std::optional<Trouble>()> look_further);

  PersisterSettings settings_;
  std::string client_id_;
  Metrics metrics_;
  admin::Dependencies dependencies_{metrics_};
  kafka::DurabilityLog durability_log_;
  PersisterMetrics persister_metrics_;
  PersisterStatus status_;
  admin::Trial& database_trial_;
  admin::Trial& dead_letter_alarm_;
  postgres::Database database_;
  PostgresStore store_;
  OwnedPartitions owned_;
  boost::asio::io_context redis_context_{1};
  std::stop_source stop_;
  std::atomic<bool> has_begun_ = false;  // from here on a signal must let the batch in hand end
  std::vector<std::unique_ptr<kafka::TopicWatch>> watches_;
  std::unique_ptr<admin::AdminServer> admin_;
};

}  // namespace chat::persister
