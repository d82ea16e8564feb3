// Proves to a Redis where its new epochs may begin (epochs.lua).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/base/clock.hpp"
#include "common/base/lifetime.hpp"
#include "common/base/report_limit.hpp"
#include "common/metrics/metrics.hpp"
#include "common/redis/command_connection.hpp"
#include "gateway/bus/bus_metrics.hpp"
#include "gateway/bus/epoch_archive.hpp"
#include "gateway/bus/epoch_witness.hpp"
#include "gateway/bus/room_commands.hpp"

namespace chat::gateway {

/// Under each run of Redis the first gateway that can gives the proof. A gateway that was connected to the
/// Redis before knows which epochs that gave. Otherwise PostgreSQL must have everything that Kafka has; its
/// highest epoch is the proof then. Without PostgreSQL the gateway's own clock has to do. Until then no room
/// begins an epoch. On the bus thread.
class EpochKeeper {
 public:
  /// Everything outlives it; `archive` may be null. `seen`: the highest epoch that this gateway's members
  /// saw.
  EpochKeeper(boost::asio::io_context& context, redis::CommandConnection& connection, RoomCommands& commands,
              Metrics& metrics, std::function<std::int64_t()> seen, const Clock& clock = Clock::real());

  /// Before start(). Outlives it, or is set back to null.
  void use(EpochArchive* archive) { archive_ = archive; }

  void start() { tick(); }

 private:
  void tick();
  void ask_redis();
  void on_reply(const std::string& run, const EpochReply& reply);
  void on_unproven(const std::string& run);
  void ask_archive(const std::string& run);
  void on_archive(const std::string& run, const ArchivedEpochs& archived);
  void prove(std::int64_t floor, std::string_view by);
  void report(std::string_view reason);
  bool has_waited() const;
  std::int64_t own_clock_ms() const;

  redis::CommandConnection& connection_;
  RoomCommands& commands_;
  const std::function<std::int64_t()> seen_;
  const Clock& clock_;
  EpochArchive* archive_ = nullptr;
  boost::asio::steady_timer timer_;
  EpochWitness witness_;
  std::string proven_run_;
  bool is_asking_redis_ = false;
  bool is_asking_archive_ = false;
  std::optional<Clock::TimePoint> unproven_since_;
  ReportLimit reports_;
  const BusMetrics figures_;
  Lifetime lifetime_;
};

}  // namespace chat::gateway
