#include "common/redis/subscriber_connection.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace chat::redis {
namespace {

/// Channels in one SUBSCRIBE, and confirmations awaited below which the next one is sent.
constexpr std::size_t chunk = 500;
constexpr std::size_t low_water = chunk / 2;

}  // namespace

SubscriberConnection::SubscriberConnection(boost::asio::io_context& context, config::RedisSettings settings,
                                           const std::string& permanent_channel, const std::string& role,
                                           ConnectionMetrics metrics, Timing timing, Listener& listener)
    : listener_(listener),
      permanent_(&*channels_.try_emplace(permanent_channel).first),
      watchdog_(
          context, timing.answer,
          [this] { return in_flight_ == 0 ? std::nullopt : std::optional(last_progress_); },
          [this] {
            drop({"silent", "Redis did not confirm a subscription in time",
                  "see whether it is stopped or overloaded"});
          }),
      connection_(context, std::move(settings), {}, role, metrics, timing, *this) {
  permanent_->second.is_wanted = true;
}

void SubscriberConnection::subscribe(std::string_view name) {
  auto found = channels_.find(name);
  if (found == channels_.end()) found = channels_.try_emplace(std::string(name)).first;
  if (std::exchange(found->second.is_wanted, true) || !connection_.is_ready()) return;
  queue(*found);
  send_queued();
}

void SubscriberConnection::unsubscribe(std::string_view name) {
  const auto found = channels_.find(name);
  if (found == channels_.end() || !found->second.is_wanted) return;
  Channel& channel = found->second;
  channel.is_wanted = false;
  // Redis confirms an UNSUBSCRIBE of an unknown channel too, but hiredis 0.14 cannot handle that answer.
  if (std::exchange(channel.is_held, false))
    connection_.send(std::array<std::string_view, 2>{"UNSUBSCRIBE", found->first});
  if (channel.is_unused()) channels_.erase(found);
}

void SubscriberConnection::queue(Channels::value_type& channel) {
  if (!std::exchange(channel.second.is_queued, true)) queued_.push_back(&channel);
}

void SubscriberConnection::send_queued() {
  if (in_flight_ > low_water || queued_.empty()) return;
  std::vector<std::string_view> words{"SUBSCRIBE"};
  while (!queued_.empty() && words.size() <= chunk) {
    auto& [name, channel] = *queued_.front();
    queued_.pop_front();
    channel.is_queued = false;
    if (channel.is_unused()) {
      channels_.erase(channels_.find(name));
    } else if (channel.is_wanted && !channel.is_held) {
      channel.is_held = true;
      ++channel.unconfirmed;
      words.push_back(name);
    }
  }
  if (words.size() == 1) return;
  if (in_flight_ == 0) last_progress_ = Watchdog::Clock::now();
  in_flight_ += words.size() - 1;
  connection_.send(words);
  watchdog_.watch();
}

void SubscriberConnection::on_ready() {
  queue(*permanent_);
  for (auto& channel : channels_) queue(channel);
  send_queued();
}

void SubscriberConnection::on_reply(const Reply& reply) {
  if (reply.size() != 3) return;
  const std::string_view kind = reply.at(0).text();
  const std::string_view name = reply.at(1).text();
  if (kind == "subscribe") return on_confirmed(name);
  if (kind != "message") return;
  const auto found = channels_.find(name);
  if (found == channels_.end() || !found->second.is_live()) return;
  if (&*found == permanent_) return listener_.on_permanent_message(reply.at(2).text());
  has_news_ = true;
  listener_.on_message(name, reply.at(2).text());
}

void SubscriberConnection::on_confirmed(std::string_view name) {
  const auto found = channels_.find(name);
  if (found == channels_.end() || found->second.unconfirmed == 0) return;
  --found->second.unconfirmed;
  --in_flight_;
  last_progress_ = Watchdog::Clock::now();
  if (found->second.is_unused()) {
    channels_.erase(found);
  } else if (found->second.is_live() && &*found != permanent_) {
    has_news_ = true;
    listener_.on_subscribed(name);
  }
  send_queued();
}

void SubscriberConnection::on_drained() {
  if (std::exchange(has_news_, false)) listener_.on_drained();
}

void SubscriberConnection::on_lost() {
  queued_.clear();
  in_flight_ = 0;
  for (auto& [name, channel] : channels_) channel = Channel{.is_wanted = channel.is_wanted};
  std::erase_if(channels_, [](const auto& channel) { return !channel.second.is_wanted; });
  listener_.on_lost();
}

}  // namespace chat::redis
