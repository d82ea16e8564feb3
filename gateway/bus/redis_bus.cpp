#include "gateway/bus/redis_bus.hpp"

#include <utility>

#include "common/redis/trouble.hpp"
#include "gateway/bus/redis_room_store.hpp"

namespace chat::gateway {

RedisBus::RedisBus(boost::asio::io_context& context, const config::RedisSettings& settings,
                   const std::string& gateway, Metrics& metrics, BusListener& listener, redis::Timing timing,
                   admin::Trial* trial, BusTrial::Pace pace)
    : listener_(listener),
      figures_(metrics),
      reads_(redis_reads(metrics)),
      names_(settings.prefix),
      subscriber_(context, settings, names_.probe(gateway), "subscriber",
                  redis::ConnectionMetrics(metrics, "subscriber"), timing, *this),
      connection_(context, settings, room_scripts(), "bus", redis::ConnectionMetrics(metrics, "bus"), timing,
                  {.on_ready = {},
                   .on_lost = {},
                   .on_refused = [this](std::string_view code) { subscriber_.drop(redis::trouble_of(code)); },
                   .on_trouble = [this](const Trouble& trouble) { on_trouble(trouble); }}),
      commands_(connection_, settings.prefix, default_stream_hard_cap),
      probe_(context, connection_, subscriber_, names_.probe(gateway), timing, figures_.probe_failures),
      keeper_(context, connection_, commands_, metrics, [this] { return listener_.highest_epoch(); }),
      memory_(context, connection_, figures_) {
  if (trial != nullptr)
    trial_.emplace(context, connection_, subscriber_, probe_, settings.prefix, gateway, pace, *trial);
}

void RedisBus::start() {
  subscriber_.start();
  connection_.start();
  probe_.start();
  if (trial_) trial_->start();
  keeper_.start();
  memory_.start();
}

void RedisBus::subscribe(const std::string& room) {
  subscriber_.subscribe(names_.of(room).channel);
}

void RedisBus::unsubscribe(const std::string& room) {
  subscriber_.unsubscribe(names_.of(room).channel);
}

void RedisBus::read(ReadRequest request, std::function<void(ReadReply)> handler) {
  reads_.repair.Increment();
  commands_.read(request, std::move(handler));
}

void RedisBus::publish(const std::string& room, std::string_view text, std::shared_ptr<void> done) {
  if (!connection_.is_ready()) return;
  connection_.send({"PUBLISH", names_.of(room).channel, text},
                   [done = std::move(done)](const redis::Reply&) {});
}

void RedisBus::tell_epoch(const std::string& room, std::int64_t epoch) {
  if (!connection_.is_ready()) return;
  commands_.tell_epoch({.floor = epoch, .room = room}, [](const EpochReply&) {});
}

std::string RedisBus::last_error() const {
  return connection_.last_error().empty() ? subscriber_.last_error() : connection_.last_error();
}

void RedisBus::read_eviction_policy(std::function<void(Result<redis::EvictionPolicy>)> handler) {
  // CONFIG GET would need a right that no chat service should have.
  connection_.send({"INFO", "memory"}, [handler = std::move(handler)](const redis::Reply& reply) {
    if (reply.is_none()) return handler(Error{"no answer"});
    if (reply.is_error()) return handler(Error{std::string(reply.error_code())});
    auto policy = redis::info_field(reply.text(), "maxmemory_policy");
    if (!policy) return handler(Error{"INFO memory lacks it"});
    handler(redis::EvictionPolicy{*std::move(policy)});
  });
}

void RedisBus::on_message(std::string_view channel, std::string_view payload) {
  if (trial_ && trial_->owns(channel)) return trial_->on_publication(payload);
  listener_.on_publication(names_.room_of(channel), payload);
}

void RedisBus::on_permanent_message(std::string_view) {
  probe_.on_echo();
}

void RedisBus::on_drained() {
  listener_.on_batch_end();
}

void RedisBus::on_subscribed(std::string_view channel) {
  if (trial_ && trial_->owns(channel)) return trial_->on_subscribed();
  listener_.on_subscribed(names_.room_of(channel));
}

void RedisBus::on_lost() {
  if (trial_) trial_->on_lost();
  listener_.on_lost();
}

void RedisBus::on_trouble(const Trouble& trouble) {
  if (trial_) trial_->on_trouble(trouble);
}

}  // namespace chat::gateway
