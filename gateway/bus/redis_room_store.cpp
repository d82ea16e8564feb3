#include "gateway/bus/redis_room_store.hpp"

#include <utility>

namespace chat::gateway {
namespace {

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
                               admin::Trial* trial)
    : connection_(context, settings, room_scripts(), "worker", redis::ConnectionMetrics(metrics, "worker"),
                  timing, told_to(trial)),
      commands_(connection_, settings.prefix, stream_hard_cap),
      reads_(metrics.counter("chat_room_reads_total", "Reads of rooms in Redis for joins and history")) {}

void RedisRoomStore::accept(AcceptRequest request, std::function<void(AcceptReply)> handler) {
  commands_.accept(request, std::move(handler));
}

void RedisRoomStore::read(ReadRequest request, std::function<void(ReadReply)> handler) {
  reads_.Increment();
  commands_.read(request, std::move(handler));
}

}  // namespace chat::gateway
