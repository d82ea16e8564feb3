#include "gateway/bus/bus_trial.hpp"

#include <utility>

#include "gateway/bus/publication.hpp"

namespace chat::gateway {
namespace {

constexpr int answers_a_round = 3;
constexpr std::int64_t stream_cap = 10;

}  // namespace

BusTrial::BusTrial(boost::asio::io_context& context, redis::CommandConnection& connection,
                   redis::SubscriberConnection& subscriber, redis::Probe& probe, const std::string& prefix,
                   const std::string& gateway, Pace pace, admin::Trial& trial, const Clock& clock)
    : timer_(context, pace, [this] { tick(); }),
      connection_(connection),
      subscriber_(subscriber),
      probe_(probe),
      commands_(connection, prefix, stream_cap),
      names_(prefix),
      room_(trial_room(gateway)),
      channel_(names_.of(room_).channel),
      echo_limit_(pace.echo),
      trial_(trial),
      clock_(clock) {}

void BusTrial::start() {
  subscriber_.subscribe(channel_);
  timer_.start();
}

void BusTrial::tick() {
  if (round_)
    return fail({"not_delivered", "Redis takes publications and does not deliver them to their subscribers",
                 "see whether all connections reach the same Redis, or what lies in between"});
  if (!is_subscribed_ || !subscriber_.is_live() || !connection_.is_ready())
    return timer_.wait_for_connection();
  begin_round();
}

/// A read of an empty room, a message, and its retry: together they need all that clients need.
void BusTrial::begin_round() {
  const std::uint64_t number = ++rounds_;
  round_ = Round{random_uuid()};
  AcceptRequest request;
  request.id = round_->id;
  request.room = room_;
  request.text = "a trial of this gateway";
  // A Redis must serve before a gateway can prove its epochs.
  request.floor = -1;
  timer_.wait(echo_limit_);
  probe_.ask();
  commands_.read({room_, std::nullopt, 1},
                 [this, number](const ReadReply& reply) { on_answer(number, reply.available); });
  for (const auto wanted : {AcceptReply::Status::accepted, AcceptReply::Status::duplicate})
    commands_.accept(request, [this, number, wanted](const AcceptReply& reply) {
      on_answer(number, reply.status == wanted);
    });
  clean_up();
}

void BusTrial::on_answer(std::uint64_t round, bool is_good) {
  if (!round_ || round != rounds_) return;
  if (is_good) {
    ++round_->answers;
    return end_well_if_all_came();
  }
  if (const auto& refusal = commands_.refusal()) return fail(*refusal);
  // Where no answer came, the connection reports its own trouble.
  round_.reset();
  timer_.wait_after_trouble();
}

void BusTrial::on_publication(std::string_view message) {
  const auto head = parse_publication(room_, message);
  if (!round_ || !head || head->id != round_->id) return;
  round_->is_heard = true;
  end_well_if_all_came();
}

void BusTrial::end_well_if_all_came() {
  if (round_->answers < answers_a_round || !round_->is_heard) return;
  if (const auto& refusal = probe_.refusal()) return fail(*refusal);
  round_.reset();
  trial_.succeed();
  timer_.wait_after_success();
}

void BusTrial::fail(Trouble trouble) {
  round_.reset();
  trial_.fail(std::move(trouble));
  timer_.wait_after_trouble();
}

void BusTrial::on_trouble(const Trouble& trouble) {
  round_.reset();
  trial_.fail(trouble);
  timer_.wait_for_connection();
}

/// In the same write as the scripts. A user without these two rights does no harm: the keys expire by
/// themselves, and the hole finder knows no such room.
void BusTrial::clean_up() {
  const RoomNames::Names& names = names_.of(room_);
  const auto now = clock_.wall_time().time_since_epoch();
  const std::int64_t hour = std::chrono::duration_cast<std::chrono::hours>(now).count();
  const std::string ids = std::string(names.ids) + std::to_string(hour);
  connection_.send({"ZREM", names.active, room_}, [](const redis::Reply&) {});
  connection_.send({"DEL", names.meta, names.log, ids}, [](const redis::Reply&) {});
}

}  // namespace chat::gateway
