// Receipts over Redis.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/base/clock.hpp"
#include "common/base/lifetime.hpp"
#include "common/base/report_limit.hpp"
#include "common/config/service_settings.hpp"
#include "common/metrics/metrics.hpp"
#include "common/redis/command_connection.hpp"
#include "common/wire/room_names.hpp"
#include "persister/interfaces/receipts.hpp"
#include "persister/receipts/pending_receipts.hpp"
#include "persister/receipts/receipt_metrics.hpp"
#include "persister/receipts/receipt_traces.hpp"
#include "persister/receipts/receipts_trial.hpp"

namespace chat::persister {

struct ReceiptOptions {
  std::int64_t stream_keep = 1000;         // entries that a room's stream keeps though PostgreSQL has them
  std::size_t max_calls = 64;              // scripts in flight
  std::chrono::milliseconds retry{5'000};  // after Redis refused a script
  ReceiptBounds bounds{};
  redis::Timing timing{};
  /// Learns whether Redis does what receipts need; null: that is not tried. Outlives the receipts.
  admin::Trial* trial = nullptr;
  std::string service{};  // with a trial: this persister's name, unique on its Redis
  redis::TrialPace pace{};
  tracing::Tracer* tracer = nullptr;  // null: nothing is traced; outlives the receipts
};

/// Owns one command connection. Everything happens on the io_context's thread, which must be stopped before
/// this object goes. Other threads may call what is marked below.
class RedisReceipts final : public Receipts {
 public:
  /// `metrics` and `clock` must outlive it. Connects from start() on.
  RedisReceipts(boost::asio::io_context& context, const config::RedisSettings& settings, Metrics& metrics,
                ReceiptOptions options = {}, const Clock& clock = Clock::real());

  /// On the context's thread, or before that runs.
  void start();

  /// Any thread: these calls are posted.
  void resolved(std::vector<ResolvedNumbers> rooms) override;
  void trace(std::vector<TracedReceipt> receipts) override;
  void revoked(const std::vector<std::int32_t>& partitions) override;

  /// Any thread but the context's. Blocks until all receipts are told, for at most `limit`. Whether they are.
  bool finish(std::chrono::milliseconds limit);

  /// Any thread.
  bool connected() const { return is_connected_; }

 private:
  using Call = PendingReceipts::Call;

  void on_ready();
  void send_pending();
  void send(Call call);
  void on_reply(const Call& call, const redis::Reply& reply);
  void report_refusal(const redis::Reply& reply);
  void retry_later();

  Lifetime lifetime_;
  boost::asio::io_context& context_;
  const ReceiptOptions options_;
  const Clock& clock_;
  const std::string stream_keep_;
  const ReceiptMetrics figures_;
  PendingReceipts pending_;
  ReceiptTraces traces_;
  RoomNames names_;
  std::atomic<bool> is_connected_ = false;
  std::size_t in_flight_ = 0;
  bool will_retry_ = false;
  ReportLimit refusal_reports_;
  std::shared_ptr<std::promise<void>> all_told_;  // of the finish() that waits
  boost::asio::steady_timer retry_timer_;
  redis::CommandConnection connection_;
  std::optional<ReceiptsTrial> trial_;
};

}  // namespace chat::persister
