#include "gateway/worker/worker_rooms.hpp"

#include <utility>

#include "gateway/worker/gauge_share.hpp"

namespace chat::gateway {

WorkerRooms::WorkerRooms(std::size_t worker, std::string gateway, Mailboxes mailboxes, Hub& hub,
                         Journal& journal, GatewayMetrics& metrics, const Clock& clock, Random& random)
    : worker_(worker),
      gateway_(std::move(gateway)),
      mailbox_(std::move(mailboxes.worker)),
      journal_(journal),
      metrics_(metrics),
      clock_(clock),
      random_(random),
      hub_(worker, hub, std::move(mailboxes.hub)),
      departures_(clock, random) {}

void WorkerRooms::start(std::unique_ptr<RoomStore> store, History* history) {
  store_ = std::move(store);
  rooms_ = std::make_unique<Rooms>(*store_, hub_);
  services_ = std::make_unique<SessionServices>(SessionServices{
      *store_, *rooms_, journal_, metrics_, gateway_, worker_, history,
      [this](std::function<void()> call) { mailbox_.post(std::move(call)); }, clock_, random_});
  inquiry_ = std::make_unique<StoredInquiry>(*services_);
}

void WorkerRooms::post_batch(Batch batch, Clock::TimePoint since) {
  const std::size_t bytes = weight_of(batch);
  backlog_bytes_.fetch_add(bytes, std::memory_order_relaxed);
  mailbox_.post([this, bytes, since, batch = std::move(batch)] {
    publish(batch, since);
    backlog_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
  });
}

void WorkerRooms::publish(const Batch& batch, Clock::TimePoint since) {
  std::size_t deliveries = 0;
  for (const BatchItem& item : batch) {
    Room* room = rooms_->find(*item.room);
    if (room == nullptr) continue;
    if (item.stored)
      room->on_stored(*item.stored);
    else if (item.typing)
      room->on_typing(*item.typing);
    else
      deliveries += deliver(*room, item);
  }
  if (deliveries == 0) return;
  metrics_.deliveries.Increment(static_cast<double>(deliveries));
  metrics_.deliver_seconds.Observe(std::chrono::duration<double>(clock_.now() - since).count());
}

std::size_t WorkerRooms::deliver(Room& room, const BatchItem& item) {
  const std::size_t members =
      room.publish({item.cursor, ws::make_frame(item.frame), item.socketio}, item.is_late);
  if (item.trace && services_->tracer != nullptr)
    trace_delivery(*services_->tracer, *item.trace, *item.room, item.cursor, worker_, members,
                   tracing::time_of(clock_));
  return members;
}

void WorkerRooms::post_subscribed(std::string room, std::uint64_t token) {
  mailbox_.post([this, room = std::move(room), token] { rooms_->on_subscribed(room, token); });
}

void WorkerRooms::post_resubscribed() {
  mailbox_.post([this] { inquiry_->on_resubscribed(); });
}

void WorkerRooms::post_attendance_wanted(std::string room, bool is_wanted) {
  mailbox_.post([this, room = std::move(room), is_wanted] {
    if (Room* const found = rooms_->find(room)) found->report_attendance(is_wanted);
  });
}

void WorkerRooms::post_presence(std::string room, std::shared_ptr<const Presence> presence) {
  mailbox_.post([this, room = std::move(room), presence = std::move(presence)] {
    if (Room* const found = rooms_->find(room))
      metrics_.presence_sent.Increment(static_cast<double>(found->on_presence(presence)));
  });
}

void WorkerRooms::post_all(std::vector<std::function<void()>> calls) {
  mailbox_.post([calls = std::move(calls)] {
    for (const auto& call : calls) call();
  });
}

void WorkerRooms::sweep(std::chrono::steady_clock::time_point now) {
  rooms_->sweep(now);
  inquiry_->tick(now);
  set_gauges();
}

void WorkerRooms::set_gauges() {
  set_share(metrics_.rooms, counted_rooms_, rooms_->size());
  set_share(metrics_.held_bytes, counted_held_, rooms_->held_bytes());
  set_share(metrics_.backlog_bytes, counted_backlog_, backlog_bytes());
  set_share(metrics_.unstored, counted_waiting_, services_->stored_waiting);
}

void WorkerRooms::stop_commands() {
  services_->is_draining = true;
  for (SessionHook& hook : services_->sessions) static_cast<Session&>(hook).stop_commands();
}

void WorkerRooms::end_requests() {
  for (SessionHook& hook : services_->sessions) static_cast<Session&>(hook).end_requests();
}

}  // namespace chat::gateway
