// The history in PostgreSQL: a bounded queue, served by a few threads that block.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "common/admin/dependencies.hpp"
#include "common/config/service_settings.hpp"
#include "common/kafka/end_offsets.hpp"
#include "common/metrics/metrics.hpp"
#include "common/postgres/database.hpp"
#include "gateway/history/history.hpp"
#include "gateway/history/history_metrics.hpp"
#include "gateway/history/position_waiter.hpp"
#include "gateway/history/row_reader.hpp"

namespace chat::gateway {

struct PostgresHistoryOptions {
  std::string client_id;  // as Kafka's brokers see it
  std::size_t threads = 2;
  std::size_t max_waiting = 4096;
  PositionTiming position_wait{};
  std::chrono::milliseconds rehearsal_period{15'000};  // of all reads, while none is asked for
};

/// Only reads. Connects at once and tries all its reads, and repeats that while none is asked for; `trial` is
/// told the results. After a failure every call fails at once for a second, so that a server that is away
/// does not delay the answers.
class PostgresHistory final : public History {
 public:
  /// Throws std::runtime_error for settings that no Kafka client can be made of. `trial` and `metrics`
  /// outlive it.
  PostgresHistory(const postgres::DatabaseSettings& database, const config::KafkaSettings& kafka,
                  PostgresHistoryOptions options, Metrics& metrics, admin::Trial& trial);
  ~PostgresHistory() override;

  void read_after(ReadCause cause, std::string room, Cursor after, Cursor until, Post post,
                  std::function<void(HistoryRows)> handler) override;
  void read_before(ReadCause cause, std::string room, Cursor before, std::size_t limit, Post post,
                   std::function<void(HistoryRows)> handler) override;
  void find_stored(std::vector<MessageKey> asked, Post post,
                   std::function<void(std::vector<std::size_t>)> handler) override;
  void wait_until_stored(std::string room, Post post, std::function<void(bool)> handler) override;

  /// Ends the threads. Handlers that have not run are dropped.
  void stop();

 private:
  using Clock = std::chrono::steady_clock;
  struct Job {
    prometheus::Counter* counter;
    std::function<void(postgres::Transaction&)> work;
    std::function<void(bool is_done)> answer;  // posts
  };

  /// Answers `Result{}` where PostgreSQL does not answer.
  template <class Result>
  void submit(prometheus::Counter& counter, std::function<Result(postgres::Transaction&)> read, Post post,
              std::function<void(Result)> handler);
  void submit(Job job);
  void run();
  bool carry_out(postgres::Database& database, const Job& job);
  /// Waits for a job; gives none if a rehearsal is due first. False at the end.
  bool take(std::optional<Job>& job);
  void rehearse(postgres::Database& database);
  void tell(const std::optional<postgres::Failure>& failure);
  bool is_failing();
  void note_failure(const postgres::Failure& failure);
  PositionSources sources();

  const postgres::DatabaseSettings settings_;
  const PostgresHistoryOptions options_;
  HistoryMetrics figures_;
  admin::Trial& trial_;
  std::shared_ptr<kafka::EndOffsets> offsets_;
  postgres::Database positions_;
  const std::string topic_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;
  Clock::time_point failing_until_{};
  Clock::time_point next_report_{};
  Clock::time_point next_rehearsal_{};
  bool is_well_ = false;
  bool is_stopping_ = false;
  std::vector<std::thread> threads_;
  std::unique_ptr<PositionWaiter> position_waiter_;
};

}  // namespace chat::gateway
