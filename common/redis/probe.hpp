// Proves again and again that Redis serves: a publication has to come back on the subscriber connection.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <prometheus/counter.h>

#include "common/redis/command_connection.hpp"
#include "common/redis/subscriber_connection.hpp"

namespace chat::redis {

/// A stopped Redis keeps its connections open and even takes new ones, and hiredis 0.14 loses a PING on a
/// subscribed connection. Only a probe notices that. The same round writes a key: a demoted master still
/// publishes to its own subscribers and only refuses writes. On the connections' thread.
class Probe {
 public:
  /// `channel` is the subscriber's permanent channel, also the key's name. All outlive the probe.
  Probe(boost::asio::io_context& context, CommandConnection& commands, SubscriberConnection& subscriber,
        std::string channel, Timing timing, prometheus::Counter& failures);

  void start() { wait(); }

  /// Sends one probe now, beside the regular ones. refusal() covers it once a later command is answered.
  void ask();

  /// The permanent channel's message came.
  void on_echo() { unanswered_since_.reset(); }

  /// Why Redis refused the last probe; none where it did not refuse, or was never probed.
  const std::optional<Trouble>& refusal() const { return set_refusal_ ? set_refusal_ : publish_refusal_; }

 private:
  using Clock = std::chrono::steady_clock;

  void wait();
  void tick();
  Clock::duration limit() const;
  static std::optional<Trouble> refusal_in(const Reply& reply, const std::optional<Trouble>& before);

  Lifetime lifetime_;
  boost::asio::steady_timer timer_;
  CommandConnection& commands_;
  SubscriberConnection& subscriber_;
  std::string channel_;
  Timing timing_;
  prometheus::Counter& failures_;
  std::optional<Clock::time_point> unanswered_since_;
  bool could_ask_ = false;  // at the last tick there was a command connection
  std::optional<Trouble> set_refusal_;
  std::optional<Trouble> publish_refusal_;
};

}  // namespace chat::redis
