// Channels of Redis on a connection of their own, subscribed again after every reconnect.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include <boost/asio/io_context.hpp>

#include "common/redis/connection.hpp"
#include "common/redis/watchdog.hpp"

namespace chat::redis {

/// Only ever sends SUBSCRIBE and UNSUBSCRIBE, and keeps one permanent channel so that it never leaves that
/// mode. A channel is live from its confirmation on; messages before that are not handed out. All calls
/// on the io_context's thread; not to be destroyed inside a listener's function.
class SubscriberConnection final : private Connection::User {
 public:
  /// Views live for the call.
  class Listener {
   public:
    virtual void on_message(std::string_view channel, std::string_view payload) = 0;
    virtual void on_permanent_message(std::string_view payload) = 0;
    /// What the socket held has been handed out; not called when that was nothing for the listener.
    virtual void on_drained() = 0;
    /// From here on every message of the channel comes; again after each reconnect. Not for the
    /// permanent one.
    virtual void on_subscribed(std::string_view channel) = 0;
    /// No message comes until on_subscribed of the channel.
    virtual void on_lost() = 0;
    /// A try to connect failed, or the connection was lost.
    virtual void on_trouble(const Trouble& trouble) { static_cast<void>(trouble); }

   protected:
    ~Listener() = default;
  };

  SubscriberConnection(boost::asio::io_context& context, config::RedisSettings settings,
                       const std::string& permanent_channel, const std::string& role,
                       ConnectionMetrics metrics, Timing timing, Listener& listener);

  void start() { connection_.start(); }

  /// The permanent channel is confirmed.
  bool is_live() const { return permanent_->second.is_live(); }
  std::string last_error() const { return connection_.last_error(); }

  /// Idempotent; kept over reconnects. The permanent channel is neither to be given here.
  void subscribe(std::string_view channel);
  void unsubscribe(std::string_view channel);

  void drop(Trouble trouble) { connection_.drop(std::move(trouble)); }

 private:
  struct Channel {
    bool is_wanted = false;
    bool is_queued = false;
    bool is_held = false;           // the last command sent for it was SUBSCRIBE
    std::uint32_t unconfirmed = 0;  // SUBSCRIBEs without a confirmation yet

    bool is_live() const { return is_wanted && is_held && unconfirmed == 0; }
    bool is_unused() const { return !is_wanted && !is_queued && !is_held && unconfirmed == 0; }
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  using Channels = std::unordered_map<std::string, Channel, Hash, std::equal_to<>>;

  void queue(Channels::value_type& channel);
  void send_queued();
  void on_confirmed(std::string_view name);

  void on_ready() override;
  void on_reply(const Reply& reply) override;
  void on_drained() override;
  void on_lost() override;
  void on_trouble(const Trouble& trouble) override { listener_.on_trouble(trouble); }

  Listener& listener_;
  Channels channels_;
  Channels::value_type* permanent_;
  std::deque<Channels::value_type*> queued_;
  std::size_t in_flight_ = 0;
  Watchdog::Clock::time_point last_progress_;
  bool has_news_ = false;
  Watchdog watchdog_;
  Connection connection_;
};

}  // namespace chat::redis
