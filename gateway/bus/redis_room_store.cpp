#include "gateway/bus/redis_room_store.hpp"

#include <utility>

namespace chat::gateway {
namespace {

constexpr std::chrono::seconds proof_limit{3};
constexpr std::chrono::milliseconds try_period{25};

redis::CommandConnection::Events told_to(admin::Trial* trial) {
  redis::CommandConnection::Events events;
  if (trial == nullptr) return events;
  events.on_ready = [trial] { trial->succeed(); };
  events.on_trouble = [trial](const Trouble& trouble) { trial->fail(trouble); };
  return events;
}

}  // namespace

RedisRoomStore::RedisRoomStore(boost::asio::io_context& context, const config::RedisSettings& settings,
                               Metrics& metrics, std::int64_t stream_hard_cap, redis::Timing timing,
                               admin::Trial* trial, const Clock& clock)
    : clock_(clock),
      connection_(context, settings, room_scripts(), "worker", redis::ConnectionMetrics(metrics, "worker"),
                  timing, told_to(trial)),
      commands_(connection_, settings.prefix, stream_hard_cap, clock),
      reads_(redis_reads(metrics)),
      timer_(context) {
  commands_.on_unproven([this](AcceptRequest request, RoomCommands::AcceptHandler handler) {
    hold(std::move(request), std::move(handler));
  });
}

void RedisRoomStore::accept(AcceptRequest request, std::function<void(AcceptReply)> handler) {
  if (!held_.empty()) return hold(std::move(request), std::move(handler));
  commands_.accept(std::move(request), std::move(handler));
}

void RedisRoomStore::hold(AcceptRequest request, RoomCommands::AcceptHandler handler) {
  held_.push_back({std::move(request), std::move(handler), clock_.now() + proof_limit});
  if (held_.size() == 1) try_later();
}

void RedisRoomStore::try_later() {
  timer_.expires_after(try_period);
  timer_.async_wait(lifetime_.guard([this](boost::system::error_code) { try_first(); }));
}

void RedisRoomStore::try_first() {
  refuse_late();
  if (held_.empty()) return;
  commands_.accept(
      held_.front().request, [this](AcceptReply reply) { on_tried(std::move(reply)); },
      RoomCommands::Unproven::told);
}

/// The first one decides for all, so that they keep their order.
void RedisRoomStore::on_tried(AcceptReply reply) {
  if (reply.status == AcceptReply::Status::unproven) return try_later();
  auto held = std::exchange(held_, {});
  const auto handler = std::move(held.front().handler);
  held.pop_front();
  for (Held& next : held) commands_.accept(std::move(next.request), std::move(next.handler));
  handler(std::move(reply));
}

void RedisRoomStore::refuse_late() {
  const auto now = clock_.now();
  while (!held_.empty() && held_.front().deadline <= now) {
    const auto handler = std::move(held_.front().handler);
    held_.pop_front();
    handler(AcceptReply{});
  }
}

void RedisRoomStore::read(ReadRequest request, std::function<void(ReadReply)> handler) {
  reads_.of(cause_of(request)).Increment();
  commands_.read(request, std::move(handler));
}

}  // namespace chat::gateway
