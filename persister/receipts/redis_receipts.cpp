#include "persister/receipts/redis_receipts.hpp"

#include <array>
#include <string_view>
#include <utility>

#include <boost/asio/post.hpp>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>

#include "common/base/bug.hpp"
#include "common/log/log.hpp"
#include "persister/receipts/scripts.hpp"

namespace chat::persister {
namespace {

constexpr std::chrono::seconds report_period{10};

}  // namespace

RedisReceipts::RedisReceipts(boost::asio::io_context& context, const config::RedisSettings& settings,
                             Metrics& metrics, ReceiptOptions options, const Clock& clock)
    : context_(context),
      options_(options),
      clock_(clock),
      stream_keep_(std::to_string(options.stream_keep)),
      figures_(metrics),
      pending_(options.bounds),
      traces_(options.tracer, clock),
      names_(settings.prefix),
      refusal_reports_(report_period),
      retry_timer_(context),
      connection_(context, settings, {stored_script}, "receipts",
                  redis::ConnectionMetrics(metrics, "receipts"), options.timing,
                  {.on_ready = [this] { on_ready(); },
                   .on_lost = [this] { is_connected_ = false; },
                   .on_refused = {},
                   .on_trouble =
                       [this](const Trouble& trouble) {
                         if (trial_) trial_->on_trouble(trouble);
                       }}) {
  if (options.trial != nullptr)
    trial_.emplace(context, connection_, settings.prefix, options.service, options.pace, *options.trial,
                   clock);
}

void RedisReceipts::start() {
  connection_.start();
  if (trial_) trial_->start();
}

void RedisReceipts::resolved(std::vector<ResolvedNumbers> rooms) {
  boost::asio::post(context_, [this, rooms = std::move(rooms)] {
    for (const ResolvedNumbers& numbers : rooms) pending_.add(numbers);
    send_pending();
  });
}

void RedisReceipts::trace(std::vector<TracedReceipt> receipts) {
  boost::asio::post(context_,
                    [this, receipts = std::move(receipts)]() mutable { traces_.add(std::move(receipts)); });
}

void RedisReceipts::revoked(const std::vector<std::int32_t>& partitions) {
  boost::asio::post(context_, [this, partitions] {
    pending_.forget(partitions);
    send_pending();
  });
}

bool RedisReceipts::finish(std::chrono::milliseconds limit) {
  const auto all_told = std::make_shared<std::promise<void>>();
  auto done = all_told->get_future();
  boost::asio::post(context_, [this, all_told] {
    all_told_ = all_told;
    send_pending();
  });
  return done.wait_for(limit) == std::future_status::ready;
}

void RedisReceipts::on_ready() {
  is_connected_ = true;
  pending_.retry();
  send_pending();
}

void RedisReceipts::send_pending() {
  while (connection_.is_ready() && in_flight_ < options_.max_calls) {
    auto call = pending_.next();
    if (!call) break;
    send(*std::move(call));
  }
  figures_.waiting.Set(static_cast<double>(pending_.waiting()));
  if (all_told_ && pending_.waiting() == 0) std::exchange(all_told_, nullptr)->set_value();
}

void RedisReceipts::send(Call call) {
  const RoomNames::Names& names = names_.of(call.room);
  const StoredParts parts = call.stored.empty() ? StoredParts{} : make_stored_parts(call.room, call.stored);
  std::vector<std::string> numbers;
  numbers.reserve(3 * call.resolved.size());
  for (const NumberRange& range : call.resolved)
    for (const std::int64_t number : {range.epoch, range.first, range.last})
      numbers.push_back(std::to_string(number));
  std::vector<std::string_view> words{"EVALSHA",     connection_.sha(0), "3",        names.meta,
                                      names.log,     names.stored,       parts.head, parts.tail,
                                      names.channel, stream_keep_};
  words.insert(words.end(), numbers.begin(), numbers.end());
  CHAT_BUG(in_flight_ >= options_.max_calls, "more receipts are in flight than may be");
  ++in_flight_;
  connection_.send(words,
                   [this, sent = std::move(call)](const redis::Reply& reply) { on_reply(sent, reply); });
}

void RedisReceipts::on_reply(const Call& call, const redis::Reply& reply) {
  if (!CHAT_BUG(in_flight_ == 0, "Redis answered a receipt that was not sent")) --in_flight_;
  if (reply.size() == 2) {
    if (!call.stored.empty()) figures_.published.Increment();
    traces_.published(call.room, call.stored);
    pending_.answered(call, {reply.at(0).integer(), reply.at(1).integer()});
  } else {
    figures_.failed.Increment();
    report_refusal(reply);
    pending_.unanswered(call);
    if (!reply.is_none()) retry_later();
  }
  send_pending();
}

/// A Redis that is out of memory refuses every room, so the log gets one line now and then. It gets only the
/// error's code: the text may repeat a script's words.
void RedisReceipts::report_refusal(const redis::Reply& reply) {
  if (reply.is_none() || !refusal_reports_.allows(clock_.now())) return;
  log::warning(
      "Redis refused a receipt; it is sent again, senders learn later that their messages are stored",
      {{"code", reply.error_code()}, {"retry_ms", options_.retry.count()}});
}

/// Only for refused scripts: a lost connection comes back by itself and sends everything again.
void RedisReceipts::retry_later() {
  if (std::exchange(will_retry_, true)) return;
  retry_timer_.expires_after(options_.retry);
  retry_timer_.async_wait(lifetime_.guard([this](boost::system::error_code) {
    will_retry_ = false;
    pending_.retry();
    send_pending();
  }));
}

}  // namespace chat::persister
