// A connection to Redis that greets the server and reconnects by itself.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "common/base/backoff.hpp"
#include "common/base/lifetime.hpp"
#include "common/base/trouble.hpp"
#include "common/config/service_settings.hpp"
#include "common/redis/async_context.hpp"
#include "common/redis/connection_metrics.hpp"
#include "common/redis/greeting.hpp"
#include "common/redis/timing.hpp"

namespace chat::redis {

/// Resolves, connects, greets, serves. After any failure it begins again with the name, after a backoff.
/// Everything on the one thread that runs the io_context, construction and destruction included if that runs
/// already.
class Connection final : private AsyncContext::Owner {
 public:
  class User {
   public:
    /// Greeted: send() works from here on.
    virtual void on_ready() = 0;
    virtual void on_reply(const Reply& reply) = 0;
    virtual void on_drained() = 0;
    /// Was ready and is no longer; what was in flight gets no answer. on_ready follows in time.
    virtual void on_lost() = 0;
    /// A try to connect failed, or a ready connection was lost (after on_lost).
    virtual void on_trouble(const Trouble& trouble) = 0;

   protected:
    ~User() = default;
  };

  /// `role` names the connection in logs and metrics. Throws nothing; start() does nothing but begin.
  Connection(boost::asio::io_context& context, config::RedisSettings settings,
             std::vector<GreetingStep> more_greeting, std::string role, ConnectionMetrics metrics,
             Timing timing, User& user);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start();

  bool is_ready() const { return state_ == State::ready; }

  /// False when not ready.
  bool send(std::span<const std::string_view> words);

  /// Gives the connection up, ready or not, and reconnects after a backoff. Does nothing while it waits for
  /// that already. The user hears on_lost inside the call if it was ready.
  void drop(Trouble trouble);

  /// Why the last try or connection ended; none before the first end.
  const std::optional<Trouble>& last_trouble() const { return last_trouble_; }
  /// The same as a sentence, or empty.
  std::string last_error() const { return last_trouble_ ? last_trouble_->sentence() : std::string(); }

 private:
  enum class State { idle, resolving, connecting, ready, waiting };

  void begin();
  void on_resolved(const boost::asio::ip::tcp::resolver::results_type& results);
  void connect_next(std::string reason);
  Result<std::unique_ptr<TlsSession>> make_tls() const;
  void lose(Trouble trouble);
  void log_loss(bool was_ready, Backoff::Duration wait);
  template <class Handler>
  void expire_after(Timing::Duration wait, Handler handler);

  void on_open() override;
  void on_reply(const Reply& reply) override;
  void on_drained() override;
  void on_gone(std::string_view reason) override;
  void on_tls_failed(std::string_view reason) override;

  Lifetime lifetime_;
  boost::asio::io_context& io_context_;
  config::RedisSettings settings_;
  std::vector<GreetingStep> greeting_;
  std::string role_;
  ConnectionMetrics metrics_;
  Timing timing_;
  User& user_;

  State state_ = State::idle;
  std::uint64_t round_ = 0;  // of state changes: a timer of an earlier one is stale
  boost::asio::ip::tcp::resolver resolver_;
  boost::asio::steady_timer timer_;
  std::vector<boost::asio::ip::tcp::endpoint> endpoints_;
  std::size_t next_endpoint_ = 0;
  std::size_t answered_steps_ = 0;
  std::shared_ptr<AsyncContext> context_;
  Backoff backoff_;
  std::chrono::steady_clock::time_point ready_since_;
  std::optional<Trouble> last_trouble_;
  std::optional<Trouble> logged_trouble_;
};

}  // namespace chat::redis
