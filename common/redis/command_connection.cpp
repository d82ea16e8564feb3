#include "common/redis/command_connection.hpp"

#include <utility>

#include <boost/asio/post.hpp>

#include "common/redis/trouble.hpp"

namespace chat::redis {

CommandConnection::CommandConnection(boost::asio::io_context& context, config::RedisSettings settings,
                                     const std::vector<std::string_view>& scripts, const std::string& role,
                                     ConnectionMetrics metrics, Timing timing, Events events)
    : io_context_(context),
      events_(std::move(events)),
      watchdog_(
          context, timing.answer,
          [this] { return in_flight_.empty() ? std::nullopt : std::optional(in_flight_.front().since); },
          [this] {
            drop({"silent", "Redis did not answer a command in time",
                  "see whether it is stopped or overloaded"});
          }),
      connection_(context, std::move(settings), make_steps(scripts), role, metrics, timing, *this) {}

std::vector<GreetingStep> CommandConnection::make_steps(const std::vector<std::string_view>& scripts) {
  shas_.resize(scripts.size());
  std::vector<GreetingStep> steps{learn_run_id(run_id_)};
  for (std::size_t i = 0; i < scripts.size(); ++i)
    steps.push_back(load_script(std::string(scripts[i]), shas_[i]));
  return steps;
}

void CommandConnection::send(std::span<const std::string_view> words, Handler handler) {
  if (!connection_.send(words)) return refuse_later(std::move(handler));
  in_flight_.push_back({Watchdog::Clock::now(), std::move(handler)});
  watchdog_.watch();
}

void CommandConnection::refuse_later(Handler handler) {
  refused_.push_back(std::move(handler));
  if (refused_.size() == 1) boost::asio::post(io_context_, lifetime_.guard([this] { refuse_all(); }));
}

void CommandConnection::refuse_all() {
  for (const Handler& handler : std::exchange(refused_, {})) handler(Reply());
}

void CommandConnection::on_ready() {
  if (events_.on_ready) events_.on_ready();
}

void CommandConnection::on_reply(const Reply& reply) {
  if (in_flight_.empty())
    return drop({"refused", "Redis sent an answer to no command", "see what else answers there"});
  const Handler handler = std::move(in_flight_.front().handler);
  in_flight_.pop_front();
  handler(reply);
  if (!reply.is_error() || !means_reconnect(reply.error_code())) return;
  const std::string code(reply.error_code());
  drop(trouble_of(reply.text()));
  if (events_.on_refused) events_.on_refused(code);
}

void CommandConnection::on_lost() {
  for (const InFlight& command : std::exchange(in_flight_, {})) command.handler(Reply());
  if (events_.on_lost) events_.on_lost();
}

void CommandConnection::on_trouble(const Trouble& trouble) {
  if (events_.on_trouble) events_.on_trouble(trouble);
}

}  // namespace chat::redis
