#include "common/redis/connection.hpp"

#include <utility>

#include <boost/asio/ip/address.hpp>

#include "common/log/log.hpp"
#include "common/redis/trouble.hpp"

namespace chat::redis {

using boost::asio::ip::tcp;

Connection::Connection(boost::asio::io_context& context, config::RedisSettings settings,
                       std::vector<GreetingStep> more_greeting, std::string role, ConnectionMetrics metrics,
                       Timing timing, User& user)
    : io_context_(context),
      settings_(std::move(settings)),
      greeting_(make_greeting(settings_)),
      role_(std::move(role)),
      metrics_(metrics),
      timing_(timing),
      user_(user),
      resolver_(context),
      timer_(context),
      backoff_(timing.first_backoff, timing.max_backoff) {
  for (GreetingStep& step : more_greeting) greeting_.push_back(std::move(step));
}

Connection::~Connection() {
  if (context_) context_->close();
  if (is_ready()) metrics_.connected.Decrement();
}

void Connection::start() {
  if (state_ == State::idle) begin();
}

template <class Handler>
void Connection::expire_after(Timing::Duration wait, Handler handler) {
  timer_.expires_after(wait);
  timer_.async_wait(lifetime_.guard([this, round = round_, handler](boost::system::error_code) {
    if (round == round_) handler();
  }));
}

void Connection::begin() {
  ++round_;
  state_ = State::resolving;
  next_endpoint_ = 0;
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(settings_.host, error);
  if (!error) {
    endpoints_ = {tcp::endpoint(address, static_cast<std::uint16_t>(settings_.port))};
    return connect_next({});
  }
  expire_after(timing_.resolve, [this] {
    resolver_.cancel();
    lose({"unreachable", "the name " + settings_.host + " was not resolved in time", "check REDIS_HOST"});
  });
  resolver_.async_resolve(
      settings_.host, std::to_string(settings_.port),
      lifetime_.guard(
          [this, round = round_](boost::system::error_code failed, const tcp::resolver::results_type& found) {
            if (round != round_) return;
            if (failed)
              return lose({"unreachable",
                           "the name " + settings_.host + " cannot be resolved (" + failed.message() + ")",
                           "check REDIS_HOST"});
            on_resolved(found);
          }));
}

void Connection::on_resolved(const tcp::resolver::results_type& results) {
  endpoints_.clear();
  for (const auto& result : results) endpoints_.push_back(result.endpoint());
  connect_next({});
}

void Connection::connect_next(std::string reason) {
  while (next_endpoint_ < endpoints_.size()) {
    ++round_;
    state_ = State::connecting;
    answered_steps_ = 0;
    auto tls = make_tls();
    if (!tls) return on_tls_failed(tls.error().message);
    auto opened = AsyncContext::open(io_context_, endpoints_[next_endpoint_++], *this, *std::move(tls));
    if (opened) {
      context_ = *opened;
      return expire_after(timing_.connect, [this] {
        context_->close();
        context_.reset();
        connect_next(settings_.tls ? "no answer over TLS in time" : "no answer in time");
      });
    }
    reason = opened.error().message;
  }
  lose({"unreachable", "Redis cannot be reached (" + reason + ")",
        "see that it runs, and check REDIS_HOST and REDIS_PORT"});
}

/// Made anew each time, so that a CA that was exchanged is read.
Result<std::unique_ptr<TlsSession>> Connection::make_tls() const {
  if (!settings_.tls) return std::unique_ptr<TlsSession>();
  return TlsSession::make(settings_.host, settings_.ca_file);
}

void Connection::on_open() {
  std::vector<std::string_view> words;
  for (const GreetingStep& step : greeting_) {
    words.assign(step.words.begin(), step.words.end());
    context_->send(words);
  }
}

void Connection::on_reply(const Reply& reply) {
  if (state_ == State::ready) return user_.on_reply(reply);
  if (auto refused = greeting_[answered_steps_++].check(reply)) return lose(std::move(*refused));
  if (answered_steps_ < greeting_.size()) return;
  ++round_;
  timer_.cancel();
  state_ = State::ready;
  ready_since_ = std::chrono::steady_clock::now();
  logged_trouble_.reset();
  metrics_.connects.Increment();
  metrics_.connected.Increment();
  log::info("connected to Redis", {{"role", role_},
                                   {"host", settings_.host},
                                   {"port", settings_.port},
                                   {"database", settings_.database}});
  user_.on_ready();
}

void Connection::on_drained() {
  if (state_ == State::ready) user_.on_drained();
}

void Connection::on_gone(std::string_view reason) {
  // An error that answers no command of this connection, or a SUBSCRIBE, comes this way.
  if (is_error_text(reason)) return lose(trouble_of(reason));
  std::string text(reason);
  const bool was_connecting = state_ == State::connecting && answered_steps_ == 0;
  if (!was_connecting)
    return lose(
        {"connection_lost", "the connection broke: " + text, "see whether Redis or the network failed"});
  context_.reset();
  connect_next(std::move(text));
}

void Connection::on_tls_failed(std::string_view reason) {
  lose({"tls", "Redis cannot be reached over TLS (" + std::string(reason) + ")",
        "check REDIS_CA_FILE, that REDIS_URLS has the name that the certificate is for, and that the port "
        "speaks "
        "TLS"});
}

bool Connection::send(std::span<const std::string_view> words) {
  return state_ == State::ready && context_->send(words);
}

void Connection::drop(Trouble trouble) {
  if (state_ != State::idle && state_ != State::waiting) lose(std::move(trouble));
}

void Connection::lose(Trouble trouble) {
  const bool was_ready = state_ == State::ready;
  if (context_) context_->close();
  context_.reset();
  ++round_;
  state_ = State::waiting;
  last_trouble_ = std::move(trouble);
  if (was_ready && std::chrono::steady_clock::now() - ready_since_ >= timing_.steady) backoff_.reset();
  const Backoff::Duration wait = backoff_.next();
  log_loss(was_ready, wait);
  expire_after(wait, [this] { begin(); });
  if (was_ready) {
    metrics_.lost.Increment();
    metrics_.connected.Decrement();
    user_.on_lost();
  }
  user_.on_trouble(*last_trouble_);
}

/// A Redis that stays away is tried every few seconds by many connections; the same reason is written once.
void Connection::log_loss(bool was_ready, Backoff::Duration wait) {
  const log::Level level =
      was_ready || last_trouble_ != logged_trouble_ ? log::Level::warning : log::Level::debug;
  logged_trouble_ = last_trouble_;
  log::write(level, was_ready ? "lost Redis" : "cannot connect to Redis",
             {{"role", role_},
              {"host", settings_.host},
              {"port", settings_.port},
              {"cause", last_trouble_->cause},
              {"reason", last_trouble_->reason},
              {"remedy", last_trouble_->remedy},
              {"retry_ms", wait.count()}});
}

}  // namespace chat::redis
