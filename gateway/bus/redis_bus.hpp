// The Bus on Redis: a subscriber connection, a command connection, and the probe between them.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/io_context.hpp>

#include "common/base/result.hpp"
#include "common/redis/command_connection.hpp"
#include "common/redis/info.hpp"
#include "common/redis/probe.hpp"
#include "common/redis/subscriber_connection.hpp"
#include "common/wire/room_names.hpp"
#include "gateway/bus/bus.hpp"
#include "gateway/bus/bus_metrics.hpp"
#include "gateway/bus/bus_trial.hpp"
#include "gateway/bus/epoch_keeper.hpp"
#include "gateway/bus/memory_watch.hpp"
#include "gateway/bus/read_cause.hpp"
#include "gateway/bus/room_commands.hpp"

namespace chat::gateway {

/// Owns both connections. Handlers of reads that have not run when it is destroyed are dropped; not to be
/// destroyed inside a handler or a listener's function.
class RedisBus final : public Bus, private redis::SubscriberConnection::Listener {
 public:
  /// `gateway` must differ between gateways on one Redis and prefix. `metrics` and `listener` must outlive
  /// it. Connects from start() on. With a trial, it tries again and again whether Redis does what
  /// rooms need, and tells the trial.
  RedisBus(boost::asio::io_context& context, const config::RedisSettings& settings,
           const std::string& gateway, Metrics& metrics, BusListener& listener, redis::Timing timing = {},
           admin::Trial* trial = nullptr, BusTrial::Pace pace = {});

  /// EpochKeeper proves with it where new epochs begin if no gateway knows. Call before start(); null, or
  /// outlives this object.
  void use(EpochArchive* archive) { keeper_.use(archive); }

  /// On the bus thread, or before that runs.
  void start();

  void subscribe(const std::string& room) override;
  void unsubscribe(const std::string& room) override;
  void read(ReadRequest request, std::function<void(ReadReply)> handler) override;
  void publish(const std::string& room, std::string_view text, std::shared_ptr<void> done) override;
  void tell_epoch(const std::string& room, std::int64_t epoch) override;
  bool connected() const override { return subscriber_.is_live() && connection_.is_ready(); }

  /// Why there is or was no connection, as a sentence for a person; empty while nothing went wrong.
  std::string last_error() const;

  /// Asks Redis for its maxmemory-policy. The handler runs once, within the answer limit; on the bus thread.
  void read_eviction_policy(std::function<void(Result<redis::EvictionPolicy>)> handler);

 private:
  void on_message(std::string_view channel, std::string_view payload) override;
  void on_permanent_message(std::string_view payload) override;
  void on_drained() override;
  void on_subscribed(std::string_view channel) override;
  void on_lost() override;
  void on_trouble(const Trouble& trouble) override;

  BusListener& listener_;
  const BusMetrics figures_;
  const ReadCounters reads_;
  RoomNames names_;
  redis::SubscriberConnection subscriber_;
  redis::CommandConnection connection_;
  RoomCommands commands_;
  redis::Probe probe_;
  std::optional<BusTrial> trial_;
  EpochKeeper keeper_;
  MemoryWatch memory_;
};

}  // namespace chat::gateway
