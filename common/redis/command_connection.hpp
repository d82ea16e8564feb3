// Commands to Redis, pipelined, each with one answer.
#pragma once

#include <deque>
#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "common/redis/connection.hpp"
#include "common/redis/watchdog.hpp"

namespace chat::redis {

/// All calls and handlers on the io_context's thread. Must not be destroyed inside a handler; handlers that
/// have not run when it is destroyed are dropped.
class CommandConnection final : private Connection::User {
 public:
  /// The reply lives for the call. It is none when Redis is away or did not answer; whether the command was
  /// carried out is then unknown.
  using Handler = std::function<void(const Reply&)>;

  /// Told on changes; on_refused also when Redis says that it is not the master that serves (greeting.hpp,
  /// means_reconnect): every connection to it should then be made anew. All may be empty.
  struct Events {
    std::function<void()> on_ready;
    std::function<void()> on_lost;
    std::function<void(std::string_view error_code)> on_refused;
    /// A try to connect failed, or the connection was lost.
    std::function<void(const Trouble& trouble)> on_trouble;
  };

  /// The scripts are loaded on every new connection before it is ready.
  CommandConnection(boost::asio::io_context& context, config::RedisSettings settings,
                    const std::vector<std::string_view>& scripts, const std::string& role,
                    ConnectionMetrics metrics, Timing timing = {}, Events events = {});

  void start() { connection_.start(); }
  bool is_ready() const { return connection_.is_ready(); }
  std::string last_error() const { return connection_.last_error(); }

  /// The run id of the Redis behind the present connection. Callers must not keep it over a reconnect.
  const std::string& run_id() const { return run_id_; }
  const std::string& sha(std::size_t script) const { return shas_[script]; }

  /// The words are copied. The handler runs exactly once, never inside the call, in the order of the calls;
  /// within the answer limit (Timing), and soon when Redis is known to be away. An answer that
  /// means_reconnect still reaches its handler; then the connection is dropped.
  void send(std::span<const std::string_view> words, Handler handler);
  void send(std::initializer_list<std::string_view> words, Handler handler) {
    send(std::span(words.begin(), words.size()), std::move(handler));
  }

  void drop(Trouble trouble) { connection_.drop(std::move(trouble)); }

 private:
  struct InFlight {
    Watchdog::Clock::time_point since;
    Handler handler;
  };

  std::vector<GreetingStep> make_steps(const std::vector<std::string_view>& scripts);
  void refuse_later(Handler handler);
  void refuse_all();

  void on_ready() override;
  void on_reply(const Reply& reply) override;
  void on_drained() override {}
  void on_lost() override;
  void on_trouble(const Trouble& trouble) override;

  Lifetime lifetime_;
  boost::asio::io_context& io_context_;
  Events events_;
  std::string run_id_;
  std::vector<std::string> shas_;
  std::deque<InFlight> in_flight_;
  std::deque<Handler> refused_;
  Watchdog watchdog_;
  Connection connection_;
};

}  // namespace chat::redis
