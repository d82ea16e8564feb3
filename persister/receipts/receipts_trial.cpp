#include "persister/receipts/receipts_trial.hpp"

#include <random>
#include <utility>

#include "common/redis/trouble.hpp"
#include "common/wire/stored_numbers.hpp"

namespace chat::persister {
namespace {

/// So that many persisters that were started together do not try together.
std::chrono::milliseconds jittered(std::chrono::milliseconds time) {
  static thread_local std::minstd_rand engine{std::random_device{}()};
  std::uniform_int_distribution<std::int64_t> draw(time.count() * 4 / 5, time.count() * 6 / 5);
  return std::chrono::milliseconds{draw(engine)};
}

}  // namespace

ReceiptsTrial::ReceiptsTrial(boost::asio::io_context& context, redis::CommandConnection& connection,
                             const std::string& prefix, const std::string& service, Pace pace,
                             admin::Trial& trial)
    : timer_(context),
      connection_(connection),
      names_(prefix),
      room_(trial_room(service)),
      pace_(pace),
      trial_(trial) {}

void ReceiptsTrial::wait(std::chrono::milliseconds time) {
  timer_.expires_after(time);
  timer_.async_wait(lifetime_.guard([this](boost::system::error_code error) {
    if (!error) tick();
  }));
}

void ReceiptsTrial::tick() {
  if (!connection_.is_ready()) return wait(pace_.unconnected);
  trouble_.reset();
  is_silent_ = false;
  // A watermark that moves each time is written each time.
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const std::int64_t last = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  const std::string number = std::to_string(last);
  const StoredParts parts = make_stored_parts(room_, {NumberRange{1, 1, last}});
  const RoomNames::Names& names = names_.of(room_);
  ask({"EVALSHA", connection_.sha(0), "3", names.meta, names.log, names.stored, parts.head, parts.tail,
       names.channel, "1", "1", "1", number});
  ask({"EXPIRE", names.stored, "60"});
  ask({"XTRIM", names.log, "MINID", "~", "1-1"});
  ask({"HMGET", names.meta, "epoch", "seq"});
  ask({"XRANGE", names.log, "-", "+", "COUNT", "1"});
  ask({"XREVRANGE", names.log, "+", "-", "COUNT", "1"});
  ask({"ZREM", names.active, room_});
  ask({"ZSCAN", names.active, "0", "COUNT", "1"});
}

void ReceiptsTrial::ask(std::initializer_list<std::string_view> words) {
  ++unanswered_;
  connection_.send(words, lifetime_.guard([this](const redis::Reply& reply) { on_reply(reply); }));
}

void ReceiptsTrial::on_reply(const redis::Reply& reply) {
  if (reply.is_none()) is_silent_ = true;
  if (reply.is_error() && !trouble_) trouble_ = redis::trouble_of(reply.text());
  if (--unanswered_ > 0) return;
  if (trouble_)
    trial_.fail(*trouble_);
  else if (!is_silent_)
    trial_.succeed();  // else the connection's own trouble was told
  wait(trouble_ || is_silent_ ? jittered(pace_.troubled) : jittered(pace_.healthy));
}

}  // namespace chat::persister
