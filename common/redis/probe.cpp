#include "common/redis/probe.hpp"

#include <utility>

#include "common/redis/trouble.hpp"

namespace chat::redis {

Probe::Probe(boost::asio::io_context& context, CommandConnection& commands, SubscriberConnection& subscriber,
             std::string channel, Timing timing, prometheus::Counter& failures)
    : timer_(context),
      commands_(commands),
      subscriber_(subscriber),
      channel_(std::move(channel)),
      timing_(timing),
      failures_(failures) {}

void Probe::wait() {
  timer_.expires_after(timing_.probe_period);
  timer_.async_wait(lifetime_.guard([this](boost::system::error_code) {
    tick();
    wait();
  }));
}

void Probe::tick() {
  if (!subscriber_.is_live()) return unanswered_since_.reset();
  const auto now = Clock::now();
  const bool can_ask = commands_.is_ready();
  // After an outage the connections come back one after the other: the wait for an echo begins with a probe.
  if (can_ask && !could_ask_) unanswered_since_.reset();
  could_ask_ = can_ask;
  if (unanswered_since_ && now - *unanswered_since_ >= limit()) {
    unanswered_since_.reset();
    failures_.Increment();
    const Trouble trouble{"silent", "a probe was not heard on the subscriber connection in time",
                          "see whether Redis is stopped"};
    subscriber_.drop(trouble);
    return commands_.drop(trouble);
  }
  if (!unanswered_since_) unanswered_since_ = now;
  if (can_ask) ask();
}

void Probe::ask() {
  commands_.send({"SET", channel_, "", "EX", "60"}, lifetime_.guard([this](const Reply& reply) {
    set_refusal_ = refusal_in(reply, set_refusal_);
  }));
  commands_.send({"PUBLISH", channel_, ""}, lifetime_.guard([this](const Reply& reply) {
    publish_refusal_ = refusal_in(reply, publish_refusal_);
    // A Redis that refuses is not silent.
    if (reply.is_error()) on_echo();
  }));
}

std::optional<Trouble> Probe::refusal_in(const Reply& reply, const std::optional<Trouble>& before) {
  if (reply.is_none()) return before;
  return reply.is_error() ? std::optional(trouble_of(reply.text())) : std::nullopt;
}

/// Without a command connection nothing proves that the subscriber's connection is alive, but the former may
/// take this long to come back.
Probe::Clock::duration Probe::limit() const {
  return could_ask_ ? timing_.probe_answer : timing_.probe_answer + timing_.max_backoff + timing_.connect;
}

}  // namespace chat::redis
