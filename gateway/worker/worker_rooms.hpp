// The rooms and sessions of one worker, without its thread and its sockets.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/clock.hpp"
#include "common/base/random.hpp"
#include "gateway/chat/rooms.hpp"
#include "gateway/chat/session.hpp"
#include "gateway/chat/stored_inquiry.hpp"
#include "gateway/fanout/hub.hpp"
#include "gateway/loop/mailbox.hpp"
#include "gateway/worker/departures.hpp"
#include "gateway/worker/hub_mailbox.hpp"

namespace chat::gateway {

/// The post_… calls come from any thread and run on the worker's, through its mailbox. All other calls come
/// on the worker's thread. Reads no clock: a simulator can run it, and many of them, on one thread.
class WorkerRooms final : public WorkerPort {
 public:
  /// The mailboxes of the two threads that it connects.
  struct Mailboxes {
    loop::Mailbox worker;
    loop::Mailbox hub;
  };

  /// References outlive it. `worker` is its index in the gateway.
  WorkerRooms(std::size_t worker, std::string gateway, Mailboxes mailboxes, Hub& hub, Journal& journal,
              GatewayMetrics& metrics, const Clock& clock = Clock::real(), Random& random = Random::real());

  /// Before every other call. `history` outlives the rooms; null without PostgreSQL.
  void start(std::unique_ptr<RoomStore> store, History* history);

  /// After start(). Null: nothing is traced. Outlives the rooms.
  void trace_with(tracing::Tracer* tracer) { services_->tracer = tracer; }

  /// For the clients' sessions; lives as long as the rooms.
  SessionServices& services() { return *services_; }

  void post_batch(Batch batch, Clock::TimePoint since) override;
  std::size_t backlog_bytes() const override { return backlog_bytes_.load(std::memory_order_relaxed); }
  void post_subscribed(std::string room, std::uint64_t token) override;
  void post_resubscribed() override;
  void post_attendance_wanted(std::string room, bool is_wanted) override;
  void post_presence(std::string room, std::shared_ptr<const Presence> presence) override;

  /// Runs the calls that the journal hands over (JournalEntry::on_durable).
  void post_all(std::vector<std::function<void()>> calls);

  /// To be called once a second.
  void sweep(std::chrono::steady_clock::time_point now);

  /// The clients that are to go to other gateways.
  Departures& departures() { return departures_; }
  /// Plans the departure of at most `count` clients within `span` (Departures::plan).
  std::size_t send_away(std::size_t count, std::chrono::milliseconds span) {
    return departures_.plan(services_->sessions, count, span);
  }

  /// No session takes a command any more.
  void stop_commands();

  /// Answers every request that still waits.
  void end_requests();

  std::size_t accepts_in_flight() const { return services_->accepts_in_flight; }
  bool store_connected() const { return store_->connected(); }

 private:
  void publish(const Batch& batch, Clock::TimePoint since);
  std::size_t deliver(Room& room, const BatchItem& item);
  void set_gauges();

  const std::size_t worker_;
  const std::string gateway_;
  const loop::Mailbox mailbox_;
  Journal& journal_;
  GatewayMetrics& metrics_;
  const Clock& clock_;
  Random& random_;
  HubMailbox hub_;
  std::unique_ptr<RoomStore> store_;
  std::unique_ptr<Rooms> rooms_;
  std::unique_ptr<SessionServices> services_;
  std::unique_ptr<StoredInquiry> inquiry_;
  Departures departures_;
  std::size_t counted_rooms_ = 0;
  std::size_t counted_waiting_ = 0;
  std::size_t counted_held_ = 0;
  std::size_t counted_backlog_ = 0;
  std::atomic<std::size_t> backlog_bytes_{0};
};

}  // namespace chat::gateway
