#include "persister/receipts/receipts_trial.hpp"

#include <utility>

#include "common/redis/trouble.hpp"
#include "common/wire/stored_numbers.hpp"

namespace chat::persister {

ReceiptsTrial::ReceiptsTrial(boost::asio::io_context& context, redis::CommandConnection& connection,
                             const std::string& prefix, const std::string& service, redis::TrialPace pace,
                             admin::Trial& trial, const Clock& clock)
    : timer_(context, pace, [this] { tick(); }),
      connection_(connection),
      names_(prefix),
      room_(trial_room(service)),
      trial_(trial),
      clock_(clock) {}

void ReceiptsTrial::tick() {
  if (!connection_.is_ready()) return timer_.wait_for_connection();
  trouble_.reset();
  is_silent_ = false;
  // The watermark moves each time, so that the script writes it each time.
  const auto now = clock_.wall_time().time_since_epoch();
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
  ask({"ZADD", names.active, "0", room_});
  ask({"ZREM", names.active, room_});
  ask({"ZSCAN", names.active, "0", "COUNT", "1"});
  // What takes watermarks away after PostgreSQL lost rows. The trial room has no meta.
  ask({"SCAN", "0", "COUNT", "1"});
  ask({"DEL", names.meta});
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
  if (trouble_ || is_silent_)
    timer_.wait_after_trouble();
  else
    timer_.wait_after_success();
}

}  // namespace chat::persister
